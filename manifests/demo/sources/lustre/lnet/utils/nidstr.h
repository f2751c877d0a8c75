/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NIDSTR_H
#define NIDSTR_H

#include <stddef.h>
#include <linux/lustre/lnet_nid.h>

/* Both return 0 or a negative errno; @nid and @buf are valid on 0 only. */
int nidstr_parse(const char *str, struct lnet_nid *nid);
int nidstr_format(const struct lnet_nid *nid, char *buf, size_t size);

/* The kind of network by name, or NULL. */
const char *nidstr_lnd(const struct lnet_nid *nid);

#endif /* NIDSTR_H */
