/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included before the first line of every kernel file; see lustre_compat/.
 */
#ifndef _LUSTRE_COMPAT_COMPAT_H
#define _LUSTRE_COMPAT_COMPAT_H

#include <lustre_compat/linux/mnt_idmapping.h>
#include <lustre_compat/linux/fs.h>

#endif /* _LUSTRE_COMPAT_COMPAT_H */
