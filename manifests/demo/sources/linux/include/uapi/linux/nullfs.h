/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
#ifndef _UAPI_LINUX_NULLFS_H
#define _UAPI_LINUX_NULLFS_H

#define NULLFS_SUPER_MAGIC	0x4e554c4c

#endif /* _UAPI_LINUX_NULLFS_H */
