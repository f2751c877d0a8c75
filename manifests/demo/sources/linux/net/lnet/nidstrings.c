// SPDX-License-Identifier: GPL-2.0-only
/*
 * NIDs as text: ADDRESS@NETWORK, where the network is a kind and a number,
 * and the number 0 is not written: 192.168.0.1@tcp, 10.0.0.7@o2ib2, 0@lo.
 */

#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/string.h>
#include <linux/lnet/lnet.h>

struct lnet_lnd {
	const char	*name;
	u8		type;
};

static const struct lnet_lnd lnet_lnds[] = {
	{ .name = "lo",		.type = LNET_LND_LO },
	{ .name = "tcp",	.type = LNET_LND_TCP },
	{ .name = "o2ib",	.type = LNET_LND_O2IB },
	{ .name = "kfi",	.type = LNET_LND_KFI },
};

static int lnet_net_parse(const char *str, struct lnet_nid *nid)
{
	const char *number;
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(lnet_lnds); i++) {
		len = strlen(lnet_lnds[i].name);
		if (strncmp(str, lnet_lnds[i].name, len))
			continue;
		nid->nid_type = lnet_lnds[i].type;
		number = str + len;
		if (!*number)
			return 0;
		if (!isdigit(*number) || kstrtou16(number, 10, &nid->nid_net))
			return -EINVAL;
		return 0;
	}
	return -EPROTONOSUPPORT;
}

static int lnet_addr_parse(const char *str, size_t len, struct lnet_nid *nid)
{
	const char *end;
	char number[12];
	u32 addr;

	switch (nid->nid_type) {
	case LNET_LND_LO:
		return len == 1 && *str == '0' ? 0 : -EINVAL;
	case LNET_LND_KFI:
		if (len == 0 || len >= sizeof(number) || !isdigit(*str))
			return -EINVAL;
		memcpy(number, str, len);
		number[len] = '\0';
		if (kstrtou32(number, 10, &addr))
			return -EINVAL;
		nid->nid_addr = cpu_to_be32(addr);
		return 0;
	default:
		if (!in4_pton(str, len, (u8 *)&nid->nid_addr, -1, &end) ||
		    end != str + len)
			return -EINVAL;
		return 0;
	}
}

/**
 * lnet_nid_parse() - Read a NID from text
 * @str: the text, all of it
 * @nid: where the NID goes; not touched on error
 *
 * Return: 0, -EPROTONOSUPPORT for an unknown kind of network, or -EINVAL.
 */
int lnet_nid_parse(const char *str, struct lnet_nid *nid)
{
	const char *at = strchr(str, '@');
	struct lnet_nid new = {};
	int rc;

	if (!at)
		return -EINVAL;

	rc = lnet_net_parse(at + 1, &new);
	if (!rc)
		rc = lnet_addr_parse(str, at - str, &new);
	if (!rc)
		*nid = new;
	return rc;
}
EXPORT_SYMBOL_GPL(lnet_nid_parse);

/**
 * lnet_nid_format() - Write a NID as text
 * @nid: the NID
 * @buf: where the text goes
 * @size: size of @buf; LNET_NIDSTR_SIZE is enough for every NID
 *
 * Return: the length of the text, -EPROTONOSUPPORT for an unknown kind of
 * network, or -ENOSPC.
 */
int lnet_nid_format(const struct lnet_nid *nid, char *buf, size_t size)
{
	const char *name = NULL;
	char net[8] = "";
	size_t i;
	int len;

	for (i = 0; i < ARRAY_SIZE(lnet_lnds); i++) {
		if (lnet_lnds[i].type == nid->nid_type)
			name = lnet_lnds[i].name;
	}
	if (!name)
		return -EPROTONOSUPPORT;

	if (nid->nid_net)
		snprintf(net, sizeof(net), "%u", nid->nid_net);

	switch (nid->nid_type) {
	case LNET_LND_LO:
	case LNET_LND_KFI:
		len = snprintf(buf, size, "%u@%s%s",
			       be32_to_cpu(nid->nid_addr), name, net);
		break;
	default:
		len = snprintf(buf, size, "%pI4@%s%s",
			       &nid->nid_addr, name, net);
	}
	return len < size ? len : -ENOSPC;
}
EXPORT_SYMBOL_GPL(lnet_nid_format);
