#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the tests beside this file. LNETNID and LUSTRE_TARGET name the programs
# to test; without them, those built in this tree.

tests=$(cd "$(dirname "$0")" && pwd) || exit 1
: "${LNETNID:=$tests/../utils/lnet/lnetnid}"
: "${LUSTRE_TARGET:=$tests/../utils/lustre/lustre_target}"
export LNETNID LUSTRE_TARGET tests

failed=0
for test in "$tests"/sanity-*.sh; do
	if "$test"; then
		echo "PASS: ${test##*/}"
	else
		echo "FAIL: ${test##*/}"
		failed=1
	fi
done
exit $failed
