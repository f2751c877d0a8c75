/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Network identifiers (NIDs): an address on a network.
 */
#ifndef _UAPI_LINUX_LUSTRE_LNET_NID_H
#define _UAPI_LINUX_LUSTRE_LNET_NID_H

#include <linux/types.h>

/* The kinds of network. The numbers are on the wire and never change. */
#define LNET_LND_TCP	2	/* "tcp": an IPv4 address */
#define LNET_LND_O2IB	5	/* "o2ib": an IPv4 address */
#define LNET_LND_LO	9	/* "lo": this node, its address is 0 */
#define LNET_LND_KFI	16	/* "kfi": a number */

struct lnet_nid {
	__u8	nid_type;	/* one of LNET_LND_* */
	__u8	nid_reserved;	/* zero */
	__u16	nid_net;	/* number of the network, 0 for the first */
	__be32	nid_addr;
};

/* Room for the longest NID as text, with the NUL that ends it. */
#define LNET_NIDSTR_SIZE	32

#endif /* _UAPI_LINUX_LUSTRE_LNET_NID_H */
