// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of a mounted client. They are made when it is mounted, and what
 * they say is made when they are read.
 */

#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/seq_file.h>
#include <linux/stat.h>
#include <linux/uaccess.h>
#include <linux/lnet/lnet.h>
#include "internal.h"

struct lustre_entry {
	const char	*name;
	int		(*show)(struct seq_file *m, struct super_block *sb);
};

static int lustre_fsname_show(struct seq_file *m, struct super_block *sb)
{
	seq_printf(m, "%s\n", lustre_sbi(sb)->fsname);
	return 0;
}

static int lustre_nids_show(struct seq_file *m, struct super_block *sb)
{
	char text[LNET_NIDSTR_SIZE];
	struct lnet_nid nid;
	unsigned int i;
	int rc;

	for (i = 0; !lnet_local_nid_get(i, &nid); i++) {
		rc = lnet_nid_format(&nid, text, sizeof(text));
		if (rc < 0)
			return rc;
		seq_printf(m, "%s\n", text);
	}
	return 0;
}

static int lustre_version_show(struct seq_file *m, struct super_block *sb)
{
	seq_puts(m, LUSTRE_VERSION_STRING "\n");
	return 0;
}

static const struct lustre_entry lustre_entries[] = {
	{ .name = "fsname",	.show = lustre_fsname_show },
	{ .name = "nids",	.show = lustre_nids_show },
	{ .name = "version",	.show = lustre_version_show },
};

static int lustre_file_show(struct seq_file *m, void *unused)
{
	struct inode *inode = m->private;
	const struct lustre_entry *entry = inode->i_private;

	return entry->show(m, inode->i_sb);
}

static int lustre_file_open(struct inode *inode, struct file *file)
{
	return single_open(file, lustre_file_show, inode);
}

static long lustre_file_ioctl(struct file *file, unsigned int cmd,
			      unsigned long arg)
{
	void __user *uarg = (void __user *)arg;
	struct lustre_ioc_nid ioc;
	int rc;

	if (cmd != LUSTRE_IOC_GET_NID)
		return -ENOTTY;
	if (copy_from_user(&ioc, uarg, sizeof(ioc)))
		return -EFAULT;
	if (ioc.reserved)
		return -EINVAL;

	rc = lnet_local_nid_get(ioc.index, &ioc.nid);
	if (rc)
		return rc;
	return copy_to_user(uarg, &ioc, sizeof(ioc)) ? -EFAULT : 0;
}

static const struct file_operations lustre_file_fops = {
	.owner		= THIS_MODULE,
	.open		= lustre_file_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= single_release,
	.unlocked_ioctl	= lustre_file_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

/* The files are as old as the mount, and nobody can change them. */
static int lustre_getattr(struct mnt_idmap *idmap, const struct path *path,
			  struct kstat *stat, u32 request_mask,
			  unsigned int query_flags)
{
	struct inode *inode = d_inode(path->dentry);

	generic_fillattr(idmap, request_mask, inode, stat);
	stat->attributes |= STATX_ATTR_IMMUTABLE;
	stat->attributes_mask |= STATX_ATTR_IMMUTABLE;
	stat->btime = lustre_sbi(inode->i_sb)->mounted;
	stat->result_mask |= STATX_BTIME;
	return 0;
}

static const struct inode_operations lustre_file_iops = {
	.getattr	= lustre_getattr,
};

static const struct inode_operations lustre_dir_iops = {
	.lookup		= simple_lookup,
	.getattr	= lustre_getattr,
};

static struct inode *lustre_new_inode(struct super_block *sb, ino_t ino,
				      umode_t mode)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_ino = ino;
	inode->i_mode = mode;
	simple_inode_init_ts(inode);
	return inode;
}

/* On failure the caller's kill_sb drops what was made so far. */
int lustre_fill_tree(struct super_block *sb)
{
	struct dentry *dentry;
	struct inode *inode;
	size_t i;

	inode = lustre_new_inode(sb, 1, S_IFDIR | 0555);
	if (!inode)
		return -ENOMEM;
	inode->i_op = &lustre_dir_iops;
	inode->i_fop = &simple_dir_operations;
	set_nlink(inode, 2);

	sb->s_root = d_make_root(inode);
	if (!sb->s_root)
		return -ENOMEM;

	for (i = 0; i < ARRAY_SIZE(lustre_entries); i++) {
		dentry = d_alloc_name(sb->s_root, lustre_entries[i].name);
		if (!dentry)
			return -ENOMEM;
		inode = lustre_new_inode(sb, i + 2, S_IFREG | 0444);
		if (!inode) {
			dput(dentry);
			return -ENOMEM;
		}
		inode->i_op = &lustre_file_iops;
		inode->i_fop = &lustre_file_fops;
		inode->i_private = (void *)&lustre_entries[i];
		d_add(dentry, inode);
	}
	return 0;
}
