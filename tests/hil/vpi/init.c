// SPDX-License-Identifier: GPL-2.0
/*
 * vpi-init - the virtual Pi's first process
 *
 * Brings what a real board has already: the header, the network's settings; and the host's folders. Then it becomes
 * systemd, or a shell for the rest (../guest/init). A program, because each command of a script takes 30 ms here,
 * which would count as the board's. The kernel puts words of its command line into the environment:
 *
 *	HIL_GUEST=/host/folder		at /mnt/guest
 *	HIL_MODULES=/host/folder	at /lib/modules
 *	HIL_SHARES=NAME:/host/folder,...	each at /mnt/NAME
 *	HIL_HEADER=WORDS		parameters of vpi.ko
 *	HIL_NETWORK=1			vec0 is as /mnt/guest/vec0.network has it
 *	HIL_BARE=1			no systemd
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static void need(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
}

static const char *told(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static void mounted(const char *type, const char *at, const char *options)
{
	mkdir(at, 0755);
	need(mount(type, at, type, 0, options), at);
}

static void bring_shares(char *shares)
{
	char at[256], *share, *folder;

	while ((share = strsep(&shares, ","))) {
		folder = strchr(share, ':');
		if (!folder)
			continue;
		*folder++ = 0;
		snprintf(at, sizeof(at), "/mnt/%s", share);
		mounted("hostfs", at, folder);
	}
}

static void bring_header(void)
{
	struct utsname kernel;
	char path[256];
	int file;

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/vpi.ko", kernel.release);
	file = open(path, O_RDONLY | O_CLOEXEC);
	need(file, path);
	need(syscall(SYS_finit_module, file, told("HIL_HEADER"), 0), path);
	close(file);
}

static void bring_network(void)
{
	mkdir("/run/systemd", 0755);
	mkdir("/run/systemd/network", 0755);
	need(symlink("/mnt/guest/vec0.network", "/run/systemd/network/05-vec0.network"), "vec0.network");
}

int main(void)
{
	static char *const systemd[] = { "/sbin/init", NULL }, *const nothing[] = { NULL };
	static char *const shell[] = { "/bin/sh", "/mnt/guest/init", NULL };
	struct stat script;

	umask(022);
	mounted("proc", "/proc", NULL);
	mounted("sysfs", "/sys", NULL);
	mounted("tmpfs", "/run", "mode=755");
	mounted("tmpfs", "/mnt", "mode=755");
	mounted("hostfs", "/mnt/guest", told("HIL_GUEST"));
	mounted("hostfs", "/lib/modules", told("HIL_MODULES"));
	bring_shares(strdup(told("HIL_SHARES")));
	bring_header();
	if (*told("HIL_NETWORK"))
		bring_network();
	if (*told("HIL_BARE") || (!stat("/mnt/guest/prepare", &script) && script.st_size))
		need(execv(*shell, shell), *shell);
	need(execve(*systemd, systemd, nothing), *systemd);
}
