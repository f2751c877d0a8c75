// SPDX-License-Identifier: GPL-2.0-only
/*
 * lustre_target: take apart what is mounted, as in
 * 10.0.0.1@tcp,10.1.0.1@o2ib:10.0.0.2@tcp:/demo/home
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/lustre/lustre_ioctl.h>
#include "nidstr.h"

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "lustre_target: '%s': %s\n", what, why);
	return 1;
}

/* @servers is NID[,NID...][:NID[,NID...]...] and is cut up. */
static int print_servers(char *servers)
{
	char *server, *str, *next_server, *next_nid;
	char text[LNET_NIDSTR_SIZE];
	unsigned int index = 0;
	struct lnet_nid nid;
	int rc;

	for (server = strtok_r(servers, ":", &next_server); server;
	     server = strtok_r(NULL, ":", &next_server)) {
		printf("server %u:", index++);
		for (str = strtok_r(server, ",", &next_nid); str;
		     str = strtok_r(NULL, ",", &next_nid)) {
			rc = nidstr_parse(str, &nid);
			if (!rc)
				rc = nidstr_format(&nid, text, sizeof(text));
			if (rc) {
				putchar('\n');
				return fail(str, strerror(-rc));
			}
			printf(" %s", text);
		}
		putchar('\n');
	}
	return index ? 0 : fail("", "no server");
}

static int print_path(char *path)
{
	char *subdir = strchr(path, '/');
	size_t len = subdir ? (size_t)(subdir - path) : strlen(path);
	size_t i;

	if (len == 0 || len > LUSTRE_FSNAME_MAX)
		return fail(path, "not the name of a file system");
	for (i = 0; i < len; i++) {
		if (!isalnum((unsigned char)path[i]) && path[i] != '-' &&
		    path[i] != '_')
			return fail(path, "not the name of a file system");
	}
	printf("fsname: %.*s\n", (int)len, path);
	if (subdir)
		printf("subdir: %s\n", subdir);
	return 0;
}

int main(int argc, char **argv)
{
	char *target, *path;
	int rc;

	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts("lustre_target " LUSTRE_VERSION);
		return 0;
	}
	if (argc != 2 || argv[1][0] == '-') {
		fputs("usage: lustre_target SERVERS:/FSNAME[/SUBDIR]\n", stderr);
		return 2;
	}

	target = strdup(argv[1]);
	if (!target)
		return fail(argv[1], "out of memory");
	path = strstr(target, ":/");
	if (path) {
		*path = '\0';
		rc = print_servers(target);
		if (!rc)
			rc = print_path(path + 2);
	} else {
		rc = fail(argv[1], "no ':/' before the file system");
	}
	free(target);
	return rc;
}
