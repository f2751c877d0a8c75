/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LUSTRE_COMPAT_LINUX_MNT_IDMAPPING_H
#define _LUSTRE_COMPAT_LINUX_MNT_IDMAPPING_H

#include <linux/version.h>

/*
 * Before 6.3 inode operations take the user namespace of a mount where they
 * take its mnt_idmap now. Code that only hands it on does not see the
 * difference. The kernel's headers must not see the macro.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#include <linux/fs.h>
#define mnt_idmap	user_namespace
#endif

#endif /* _LUSTRE_COMPAT_LINUX_MNT_IDMAPPING_H */
