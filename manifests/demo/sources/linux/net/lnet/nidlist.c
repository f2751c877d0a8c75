// SPDX-License-Identifier: GPL-2.0-only
/*
 * The NIDs of this node.
 */

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/lnet/lnet.h>

#define LNET_LOCAL_NIDS_MAX	32

static DEFINE_SPINLOCK(lnet_local_lock);
static struct lnet_nid lnet_local[LNET_LOCAL_NIDS_MAX];
static unsigned int lnet_local_count;

/**
 * lnet_local_nid_add() - Add a NID to those of this node
 * @nid: the NID, which is copied
 *
 * Return: 0, -EEXIST when the node has it, or -ENOSPC when it has too many.
 */
int lnet_local_nid_add(const struct lnet_nid *nid)
{
	unsigned int i;
	int rc = 0;

	spin_lock(&lnet_local_lock);
	for (i = 0; i < lnet_local_count; i++) {
		if (!memcmp(&lnet_local[i], nid, sizeof(*nid)))
			rc = -EEXIST;
	}
	if (!rc && lnet_local_count == LNET_LOCAL_NIDS_MAX)
		rc = -ENOSPC;
	if (!rc)
		lnet_local[lnet_local_count++] = *nid;
	spin_unlock(&lnet_local_lock);
	return rc;
}
EXPORT_SYMBOL_GPL(lnet_local_nid_add);

/**
 * lnet_local_nid_get() - Look up a NID of this node
 * @index: its place in the list, from 0
 * @nid: where it goes
 *
 * Return: 0, or -ENOENT behind the last one.
 */
int lnet_local_nid_get(unsigned int index, struct lnet_nid *nid)
{
	int rc = 0;

	spin_lock(&lnet_local_lock);
	if (index >= lnet_local_count)
		rc = -ENOENT;
	else
		*nid = lnet_local[index];
	spin_unlock(&lnet_local_lock);
	return rc;
}
EXPORT_SYMBOL_GPL(lnet_local_nid_get);
