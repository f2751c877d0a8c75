#!/usr/bin/env bash
# SPDX-FileCopyrightText: The lustre-dist authors
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Makes the demo's two git bundles, linux.bundle and lustre.bundle.
#
#   make-bundles.sh           write both bundles beside this script
#   make-bundles.sh --check   make them anew and compare with the ones here
#
# sources/NAME is the tip of the branch master. history/NAME/BRANCH holds the
# commits of a branch as mail: those of master, undone last to first, lead back
# to the root commit, and then every commit is applied in its turn. A message
# that names another commit does so by its place, as in @master/0005@.
#
# The same sources give the same object ids with every git, and the same bundle
# bytes with one version of git. --check compares ids.

set -euo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/demo-bundles.XXXXXX")
trap 'rm -rf "$work"' EXIT

main() {
	case "$# ${1-}" in
	'0 ')
		build linux
		build lustre
		mv "$work/linux.bundle" "$work/lustre.bundle" "$here/"
		;;
	'1 --check')
		build linux
		build lustre
		check linux
		check lustre
		check_upstream_commits
		;;
	*)
		echo "usage: ${0##*/} [--check]" >&2
		exit 2
		;;
	esac
}

linux_history() {
	root '2025-01-13 08:00:00 +0000' <<-'END'
		Lustre on Linux 6.12

		The client and LNet as a series on the kernel's release.

		Signed-off-by: Lustre Dist Demo <demo@lustre-dist.invalid>
	END
	tag v6.12 'Linux 6.12'

	commits master 0001 0002 0003 0004 0005
	tag v6.18-rc6 'Linux 6.18-rc6'
	commits master 0006 0007
	tag v6.18 'Linux 6.18'
	commits master 0008 0009
	tag v6.18.1 'Linux 6.18.1'

	branch linux-6.12.y v6.12
	commits linux-6.12.y 0001 0002
	tag v6.12.57 'Linux 6.12.57'
	commits linux-6.12.y 0003 0004
	tag v6.12.58 'Linux 6.12.58'
	commits linux-6.12.y 0005 0006
	tag v6.12.59-rc1 'Linux 6.12.59-rc1'
}

# Lustre tags a release twice, and one of its old tags is not annotated.
lustre_history() {
	root '2026-03-09 10:00:00 +0000' <<-'END'
		New tag 2.17.99

		Signed-off-by: Lustre Dist Demo <demo@lustre-dist.invalid>
		Change-Id: I5b0c1d6a4e3f27988d1f0a6b7c2e94d35a8f6e01
	END
	lightweight_tag v2_17_99

	commits master 0001 0002
	tag v2_18_0-RC1 'New tag 2.18.0-RC1'
	commits master 0003 0004
	tag v2_18_0 'New release 2.18.0'
	tag 2.18.0 'New release 2.18.0'
	commits master 0005 0006 0007
	tag v2_18_50 'New tag 2.18.50'

	branch b2_18 v2_18_0
	commits b2_18 0001
}

# build NAME: the repository, and $work/NAME.bundle.
build() {
	name=$1
	cp -a "$here/sources/$name" "$work/$name"
	in_repo init -q --template= --object-format=sha1 -b master
	"${name}_history"
	in_repo checkout -q master
	in_repo bundle create -q --version=2 "$work/$name.bundle" HEAD --branches --tags
}

# git in the repository at work, with nothing from the user's environment. $when
# is the date of what it makes.
in_repo() {
	env -i PATH="$PATH" LC_ALL=C TZ=UTC \
		GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 \
		GIT_CONFIG_COUNT=4 \
		GIT_CONFIG_KEY_0=pack.threads GIT_CONFIG_VALUE_0=1 \
		GIT_CONFIG_KEY_1=gc.auto GIT_CONFIG_VALUE_1=0 \
		GIT_CONFIG_KEY_2=core.abbrev GIT_CONFIG_VALUE_2=40 \
		GIT_CONFIG_KEY_3=init.defaultBranch GIT_CONFIG_VALUE_3=master \
		GIT_AUTHOR_NAME='Lustre Dist Demo' \
		GIT_AUTHOR_EMAIL=demo@lustre-dist.invalid \
		GIT_AUTHOR_DATE="${when-}" \
		GIT_COMMITTER_NAME='Lustre Dist Demo' \
		GIT_COMMITTER_EMAIL=demo@lustre-dist.invalid \
		GIT_COMMITTER_DATE="${when-}" \
		git -C "$work/$name" "$@"
}

# root DATE <MESSAGE: the first commit, which is the sources without the history.
root() {
	local patches i when=$1
	patches=("$here/history/$name/master/"*.patch)
	for ((i = ${#patches[@]} - 1; i >= 0; i--)); do
		in_repo apply -R "${patches[i]}" ||
			die "sources/$name does not hold what ${patches[i]} adds"
	done
	in_repo add --all --force
	in_repo commit -q -F -
}

# commits BRANCH NUMBER...: apply these commits of the branch.
commits() {
	local number text branch=$1
	shift
	for number; do
		text=$(cat "$here/history/$name/$branch/$number"-*.patch)
		while [[ $text =~ @([a-z0-9._-]+/[0-9]{4})@ ]]; do
			text=${text//"${BASH_REMATCH[0]}"/$(in_repo rev-parse "refs/steps/${BASH_REMATCH[1]}")}
		done
		in_repo am -q --keep --committer-date-is-author-date <<<"$text" ||
			die "history/$name/$branch/$number does not apply"
		in_repo update-ref "refs/steps/$branch/$number" HEAD
	done
}

# tag TAG MESSAGE: an annotated tag, as old as its commit.
tag() {
	local when
	when=$(in_repo log -1 --format=%cI)
	in_repo tag -a -m "$2" "$1"
}

lightweight_tag() {
	in_repo tag "$1"
}

branch() {
	in_repo checkout -q -b "$1" "$2"
}

# check NAME: the bundle here is whole, and its refs name the objects just made.
check() {
	local bundle="$here/$1.bundle"
	name=$1
	in_repo clone -q --mirror "$bundle" "$work/$1.git"
	in_repo -C "$work/$1.git" fsck --strict --no-progress
	if ! diff -u --label "$1.bundle" --label 'made from sources' \
		<(in_repo bundle list-heads "$bundle") \
		<(in_repo bundle list-heads "$work/$1.bundle"); then
		die "$1.bundle is not what sources/ and history/ make"
	fi
	echo "$1.bundle: $(in_repo tag | wc -l) tags, as made from sources"
	if ! cmp -s "$bundle" "$work/$1.bundle"; then
		echo "$1.bundle: packed differently by $(git --version)"
	fi
}

# The patches say which commit of lustre.bundle they come from.
check_upstream_commits() {
	local patch id
	name=lustre
	while IFS=: read -r patch _ id; do
		in_repo merge-base --is-ancestor "${id# }" master ||
			die "$patch:$id is not on master"
	done < <(grep -H '^Upstream-commit: ' "$here"/patches/*.patch)
}

die() {
	echo "${0##*/}: $1" >&2
	exit 1
}

main "$@"
