// SPDX-License-Identifier: GPL-2.0-only
/*
 * boot-init: the first program of a guest whose boot is timed.
 *
 * Says that the kernel has reached init, then becomes the real one.
 */
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static const char marker[] = "boot-init: init runs\n";
	int fd = 1;

	(void)argc;
	if (write(fd, marker, sizeof(marker) - 1) < 0) {
		/* A root whose /dev the kernel has not filled: there was no console to open. */
		mount("devtmpfs", "/dev", "devtmpfs", 0, 0);
		fd = open("/dev/console", O_RDWR | O_NOCTTY);
		if (fd < 0 || write(fd, marker, sizeof(marker) - 1) < 0)
			return 1;
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
	}
	argv[0] = (char *)"/sbin/init";
	execv(argv[0], argv);
	return 1;
}
