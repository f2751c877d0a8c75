/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What LNet offers to the rest of the kernel.
 */
#ifndef _LINUX_LNET_LNET_H
#define _LINUX_LNET_LNET_H

#include <linux/types.h>
#include <linux/lustre/lnet_nid.h>

/*
 * A Lustre release built outside the kernel tree says which one it is. Inside
 * the tree the version is the kernel's.
 */
#ifndef LUSTRE_VERSION_STRING
#include <generated/utsrelease.h>
#define LUSTRE_VERSION_STRING	UTS_RELEASE
#endif

int lnet_nid_parse(const char *str, struct lnet_nid *nid);
int lnet_nid_format(const struct lnet_nid *nid, char *buf, size_t size);

int lnet_local_nid_add(const struct lnet_nid *nid);
int lnet_local_nid_get(unsigned int index, struct lnet_nid *nid);

#endif /* _LINUX_LNET_LNET_H */
