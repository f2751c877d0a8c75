// SPDX-License-Identifier: GPL-2.0-only
/*
 * NIDs as text, by the rules of net/lnet/nidstrings.c in the kernel.
 */

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nidstr.h"

static const struct {
	const char	*name;
	__u8		type;
} lnds[] = {
	{ "lo",		LNET_LND_LO },
	{ "tcp",	LNET_LND_TCP },
	{ "o2ib",	LNET_LND_O2IB },
#ifdef LNET_LND_KFI
	{ "kfi",	LNET_LND_KFI },
#endif
};

#define NUM_LNDS	(sizeof(lnds) / sizeof(lnds[0]))

static int addr_is_number(const struct lnet_nid *nid)
{
#ifdef LNET_LND_KFI
	if (nid->nid_type == LNET_LND_KFI)
		return 1;
#endif
	return nid->nid_type == LNET_LND_LO;
}

static int parse_net(const char *str, struct lnet_nid *nid)
{
	unsigned long number;
	const char *digits;
	size_t i, len;
	char *end;

	for (i = 0; i < NUM_LNDS; i++) {
		len = strlen(lnds[i].name);
		if (strncmp(str, lnds[i].name, len))
			continue;
		nid->nid_type = lnds[i].type;
		digits = str + len;
		if (!*digits)
			return 0;
		if (!isdigit((unsigned char)*digits))
			return -EINVAL;
		number = strtoul(digits, &end, 10);
		if (*end || number > 0xffff)
			return -EINVAL;
		nid->nid_net = number;
		return 0;
	}
	return -EPROTONOSUPPORT;
}

static int parse_addr(const char *str, struct lnet_nid *nid)
{
	unsigned long long number;
	struct in_addr in;
	char *end;

	if (!addr_is_number(nid)) {
		if (inet_pton(AF_INET, str, &in) != 1)
			return -EINVAL;
		nid->nid_addr = in.s_addr;
		return 0;
	}

	if (!isdigit((unsigned char)*str))
		return -EINVAL;
	errno = 0;
	number = strtoull(str, &end, 10);
	if (errno || *end || number > 0xffffffffULL)
		return -EINVAL;
	if (nid->nid_type == LNET_LND_LO && number != 0)
		return -EINVAL;
	nid->nid_addr = htonl((uint32_t)number);
	return 0;
}

int nidstr_parse(const char *str, struct lnet_nid *nid)
{
	struct lnet_nid new = { .nid_type = 0 };
	const char *at = strchr(str, '@');
	char addr[INET_ADDRSTRLEN];
	int rc;

	if (!at || (size_t)(at - str) >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, str, at - str);
	addr[at - str] = '\0';

	rc = parse_net(at + 1, &new);
	if (!rc)
		rc = parse_addr(addr, &new);
	if (!rc)
		*nid = new;
	return rc;
}

const char *nidstr_lnd(const struct lnet_nid *nid)
{
	size_t i;

	for (i = 0; i < NUM_LNDS; i++) {
		if (lnds[i].type == nid->nid_type)
			return lnds[i].name;
	}
	return NULL;
}

int nidstr_format(const struct lnet_nid *nid, char *buf, size_t size)
{
	const char *lnd = nidstr_lnd(nid);
	char addr[INET_ADDRSTRLEN];
	char net[8] = "";
	int len;

	if (!lnd)
		return -EPROTONOSUPPORT;

	if (addr_is_number(nid))
		snprintf(addr, sizeof(addr), "%u", ntohl(nid->nid_addr));
	else
		inet_ntop(AF_INET, &nid->nid_addr, addr, sizeof(addr));
	if (nid->nid_net)
		snprintf(net, sizeof(net), "%u", nid->nid_net);

	len = snprintf(buf, size, "%s@%s%s", addr, lnd, net);
	return len >= 0 && (size_t)len < size ? 0 : -ENOSPC;
}
