#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# lustre_target on a target with two servers, and on two that are wrong.

expected='server 0: 10.0.0.1@tcp 10.1.0.1@o2ib
server 1: 10.0.0.2@tcp
fsname: demo
subdir: /home/a'

printed=$("$LUSTRE_TARGET" 10.0.0.1@tcp,10.1.0.1@o2ib:10.0.0.2@tcp:/demo/home/a)
if [ "$printed" != "$expected" ]; then
	echo "lustre_target printed:"
	echo "$printed"
	exit 1
fi

for wrong in 10.0.0.1@tcp /demo 10.0.0.1@tcp:/ 10.0.0.1@tcp:/muchtoolong; do
	if "$LUSTRE_TARGET" "$wrong" >/dev/null 2>&1; then
		echo "lustre_target accepted $wrong"
		exit 1
	fi
done
