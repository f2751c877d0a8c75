#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# lnetnid on every line of nids.txt.

rc=0
while read -r given expected; do
	case $given in
	'#'*) continue ;;
	esac
	printed=$("$LNETNID" "$given" 2>/dev/null) || printed=-
	if [ "$printed" != "$expected" ]; then
		echo "lnetnid $given: printed $printed, not $expected"
		rc=1
	fi
done <"$tests/nids.txt"
exit $rc
