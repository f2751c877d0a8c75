// SPDX-License-Identifier: GPL-2.0-only
/*
 * The LNet module: reads the NIDs of this node from its parameter.
 */

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/lnet/lnet.h>

static char *nids = "";
module_param(nids, charp, 0444);
MODULE_PARM_DESC(nids, "NIDs of this node, separated by commas");

static int __init lnet_add_local(const char *str)
{
	struct lnet_nid nid;
	int rc;

	rc = lnet_nid_parse(str, &nid);
	if (!rc)
		rc = lnet_local_nid_add(&nid);
	if (rc)
		pr_err("lnet: cannot use NID '%s': rc = %d\n", str, rc);
	return rc;
}

static int __init lnet_init(void)
{
	char *list, *next, *str;
	int rc;

	rc = lnet_add_local("0@lo");
	if (rc)
		return rc;

	list = kstrdup(nids, GFP_KERNEL);
	if (!list)
		return -ENOMEM;

	next = list;
	while (!rc && (str = strsep(&next, ",")) != NULL) {
		if (*str)
			rc = lnet_add_local(str);
	}
	kfree(list);
	return rc;
}
module_init(lnet_init);

static void __exit lnet_exit(void)
{
}
module_exit(lnet_exit);

MODULE_DESCRIPTION("Lustre networking");
MODULE_LICENSE("GPL");
MODULE_VERSION(LUSTRE_VERSION_STRING);
