// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/tally: every open of it reads one number more than the open before.
 */

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

static atomic_t tally_count;

static int tally_open(struct inode *inode, struct file *file)
{
	file->private_data = (void *)(long)atomic_inc_return(&tally_count);
	return 0;
}

static ssize_t tally_read(struct file *file, char __user *buf, size_t size,
			  loff_t *pos)
{
	char text[16];
	int len = scnprintf(text, sizeof(text), "%ld\n",
			    (long)file->private_data);

	return simple_read_from_buffer(buf, size, pos, text, len);
}

static const struct file_operations tally_fops = {
	.owner	= THIS_MODULE,
	.open	= tally_open,
	.read	= tally_read,
};

static struct miscdevice tally_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "tally",
	.fops	= &tally_fops,
	.mode	= 0444,
};
module_misc_device(tally_device);

MODULE_DESCRIPTION("Tally counter");
MODULE_LICENSE("GPL");
