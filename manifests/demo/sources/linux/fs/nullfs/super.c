// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file system that is one empty directory.
 */

#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/module.h>
#include <linux/nullfs.h>

static int nullfs_fill_super(struct super_block *sb, struct fs_context *fc)
{
	static const struct tree_descr none[] = { { "" } };

	return simple_fill_super(sb, NULLFS_SUPER_MAGIC, none);
}

static int nullfs_get_tree(struct fs_context *fc)
{
	return get_tree_single(fc, nullfs_fill_super);
}

static const struct fs_context_operations nullfs_context_ops = {
	.get_tree	= nullfs_get_tree,
};

static int nullfs_init_fs_context(struct fs_context *fc)
{
	fc->ops = &nullfs_context_ops;
	return 0;
}

static struct file_system_type nullfs_type = {
	.owner			= THIS_MODULE,
	.name			= "nullfs",
	.init_fs_context	= nullfs_init_fs_context,
	.kill_sb		= kill_litter_super,
};
MODULE_ALIAS_FS("nullfs");

static int __init nullfs_init(void)
{
	return register_filesystem(&nullfs_type);
}
module_init(nullfs_init);

static void __exit nullfs_exit(void)
{
	unregister_filesystem(&nullfs_type);
}
module_exit(nullfs_exit);

MODULE_DESCRIPTION("Empty file system");
MODULE_LICENSE("GPL");
