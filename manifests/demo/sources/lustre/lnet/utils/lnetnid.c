// SPDX-License-Identifier: GPL-2.0-only
/*
 * lnetnid: check network identifiers and print them in their shortest form.
 */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "nidstr.h"

enum format {
	FORMAT_SHORT,
	FORMAT_LONG,
	FORMAT_JSON,
};

static const struct option options[] = {
	{ "help",	no_argument,	NULL,	'h' },
	{ "json",	no_argument,	NULL,	'j' },
	{ "long",	no_argument,	NULL,	'l' },
	{ "version",	no_argument,	NULL,	'V' },
	{ NULL,		0,		NULL,	0 },
};

static void usage(FILE *out)
{
	fputs("usage: lnetnid [--json | --long] NID...\n", out);
}

static void print_nid(const struct lnet_nid *nid, const char *text,
		      enum format format)
{
	switch (format) {
	case FORMAT_SHORT:
		printf("%s\n", text);
		break;
	case FORMAT_LONG:
		printf("%s type %s net %u\n", text, nidstr_lnd(nid),
		       nid->nid_net);
		break;
	case FORMAT_JSON:
		/* Nothing in a NID needs an escape. */
		printf("{\"nid\":\"%s\",\"type\":\"%s\",\"net\":%u}\n", text,
		       nidstr_lnd(nid), nid->nid_net);
		break;
	}
}

int main(int argc, char **argv)
{
	enum format format = FORMAT_SHORT;
	char text[LNET_NIDSTR_SIZE];
	struct lnet_nid nid;
	int status = 0;
	int opt, rc;

	while ((opt = getopt_long(argc, argv, "hjlV", options, NULL)) != -1) {
		switch (opt) {
		case 'h':
			usage(stdout);
			return 0;
		case 'j':
			format = FORMAT_JSON;
			break;
		case 'l':
			format = FORMAT_LONG;
			break;
		case 'V':
			puts("lnetnid " LUSTRE_VERSION);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return 2;
	}

	for (; optind < argc; optind++) {
		rc = nidstr_parse(argv[optind], &nid);
		if (!rc)
			rc = nidstr_format(&nid, text, sizeof(text));
		if (rc) {
			fprintf(stderr, "lnetnid: '%s': %s\n", argv[optind],
				strerror(-rc));
			status = 1;
			continue;
		}
		print_nid(&nid, text, format);
	}
	return status;
}
