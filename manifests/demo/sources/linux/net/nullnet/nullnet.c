// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

static int __init nullnet_init(void)
{
	return 0;
}
module_init(nullnet_init);

static void __exit nullnet_exit(void)
{
}
module_exit(nullnet_exit);

MODULE_DESCRIPTION("A network without links");
MODULE_LICENSE("GPL");
