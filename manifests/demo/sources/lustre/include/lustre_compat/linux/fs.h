/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LUSTRE_COMPAT_LINUX_FS_H
#define _LUSTRE_COMPAT_LINUX_FS_H

#include <linux/fs.h>
#include <linux/version.h>

/* 6.7 brought simple_inode_init_ts(); 6.6 closed i_ctime to direct use. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline struct timespec64 simple_inode_init_ts(struct inode *inode)
{
	struct timespec64 now = current_time(inode);

	inode->i_atime = now;
	inode->i_mtime = now;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	inode->i_ctime = now;
	return now;
#else
	return inode_set_ctime_to_ts(inode, now);
#endif
}
#endif

/* 6.18 renamed generic_delete_inode(). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define inode_just_drop	generic_delete_inode
#endif

/*
 * 6.6 gave generic_fillattr() the mask of what is asked for. Before, all of it
 * was filled in.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define generic_fillattr(idmap, request_mask, inode, stat) \
	((void)(request_mask), generic_fillattr((idmap), (inode), (stat)))
#endif

#endif /* _LUSTRE_COMPAT_LINUX_FS_H */
