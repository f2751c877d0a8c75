// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mounting the client.
 */

#include <linux/ctype.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/statfs.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/lnet/lnet.h>
#include "internal.h"

#define LUSTRE_FSNAME_DEFAULT	"lustre"

enum lustre_param {
	Opt_fsname,
};

static const struct fs_parameter_spec lustre_param_specs[] = {
	fsparam_string("fsname", Opt_fsname),
	{}
};

static int lustre_show_options(struct seq_file *m, struct dentry *root)
{
	seq_show_option(m, "fsname", lustre_sbi(root->d_sb)->fsname);
	return 0;
}

static const struct super_operations lustre_super_ops = {
	.statfs		= simple_statfs,
	.drop_inode	= inode_just_drop,
	.show_options	= lustre_show_options,
};

static bool lustre_fsname_valid(const char *name)
{
	size_t len = strlen(name);
	size_t i;

	if (len == 0 || len > LUSTRE_FSNAME_MAX)
		return false;
	for (i = 0; i < len; i++) {
		if (!isascii(name[i]) ||
		    (!isalnum(name[i]) && name[i] != '-' && name[i] != '_'))
			return false;
	}
	return true;
}

static int lustre_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct lustre_sb_info *sbi = fc->s_fs_info;
	struct fs_parse_result result;
	int opt;

	opt = fs_parse(fc, lustre_param_specs, param, &result);
	if (opt < 0)
		return opt;

	if (!lustre_fsname_valid(param->string))
		return invalf(fc, "lustre: '%s' is no file system name",
			      param->string);
	strscpy(sbi->fsname, param->string, sizeof(sbi->fsname));
	return 0;
}

static int lustre_fill_super(struct super_block *sb, struct fs_context *fc)
{
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_magic = LUSTRE_SUPER_MAGIC;
	sb->s_op = &lustre_super_ops;
	sb->s_time_gran = 1;
	ktime_get_coarse_real_ts64(&lustre_sbi(sb)->mounted);
	return lustre_fill_tree(sb);
}

static int lustre_get_tree(struct fs_context *fc)
{
	fc->sb_flags |= SB_RDONLY;
	return get_tree_nodev(fc, lustre_fill_super);
}

/* A client that only shows has nothing to write, and no option changes. */
static int lustre_reconfigure(struct fs_context *fc)
{
	if (!(fc->sb_flags & SB_RDONLY))
		return -EROFS;
	return 0;
}

static void lustre_free_fc(struct fs_context *fc)
{
	kfree(fc->s_fs_info);
}

static const struct fs_context_operations lustre_context_ops = {
	.parse_param	= lustre_parse_param,
	.get_tree	= lustre_get_tree,
	.reconfigure	= lustre_reconfigure,
	.free		= lustre_free_fc,
};

static int lustre_init_fs_context(struct fs_context *fc)
{
	struct lustre_sb_info *sbi = kzalloc(sizeof(*sbi), GFP_KERNEL);

	if (!sbi)
		return -ENOMEM;
	strscpy(sbi->fsname, LUSTRE_FSNAME_DEFAULT, sizeof(sbi->fsname));
	fc->s_fs_info = sbi;
	fc->ops = &lustre_context_ops;
	return 0;
}

static void lustre_kill_sb(struct super_block *sb)
{
	struct lustre_sb_info *sbi = lustre_sbi(sb);

	kill_litter_super(sb);
	kfree(sbi);
}

static struct file_system_type lustre_type = {
	.owner			= THIS_MODULE,
	.name			= "lustre",
	.init_fs_context	= lustre_init_fs_context,
	.parameters		= lustre_param_specs,
	.kill_sb		= lustre_kill_sb,
};
MODULE_ALIAS_FS("lustre");

static int __init lustre_init(void)
{
	return register_filesystem(&lustre_type);
}
module_init(lustre_init);

static void __exit lustre_exit(void)
{
	unregister_filesystem(&lustre_type);
}
module_exit(lustre_exit);

MODULE_DESCRIPTION("Lustre file system client");
MODULE_LICENSE("GPL");
MODULE_VERSION(LUSTRE_VERSION_STRING);
