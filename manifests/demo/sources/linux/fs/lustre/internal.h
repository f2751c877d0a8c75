/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LUSTRE_INTERNAL_H
#define _LUSTRE_INTERNAL_H

#include <linux/fs.h>
#include <linux/time64.h>
#include <linux/lustre/lustre_ioctl.h>

struct lustre_sb_info {
	char			fsname[LUSTRE_FSNAME_MAX + 1];
	struct timespec64	mounted;
};

static inline struct lustre_sb_info *lustre_sbi(struct super_block *sb)
{
	return sb->s_fs_info;
}

/* inode.c */
int lustre_fill_tree(struct super_block *sb);

#endif /* _LUSTRE_INTERNAL_H */
