/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What programs and the Lustre client agree on.
 */
#ifndef _UAPI_LINUX_LUSTRE_LUSTRE_IOCTL_H
#define _UAPI_LINUX_LUSTRE_LUSTRE_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/lustre/lnet_nid.h>

#define LUSTRE_SUPER_MAGIC	0x0BD00BD0

/* The longest name of a file system, without the NUL that ends it. */
#define LUSTRE_FSNAME_MAX	8

struct lustre_ioc_nid {
	__u32		index;		/* in: place in the list, from 0 */
	__u32		reserved;	/* zero */
	struct lnet_nid	nid;		/* out */
};

/* The local NID at .index; ENOENT behind the last one. */
#define LUSTRE_IOC_GET_NID	_IOWR('f', 0xe0, struct lustre_ioc_nid)

#endif /* _UAPI_LINUX_LUSTRE_LUSTRE_IOCTL_H */
