// SPDX-License-Identifier: GPL-2.0-only
/* capture.c - a file with all frames that enter the switch, by libpcap. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/place.h"
#include "lib/report.h"
#include "uml_switch/capture.h"
#include "uml_switch/log.h"

struct capture {
	pcap_t *format;
	pcap_dumper_t *dump;
	FILE *file; /* of the dump, which closes it */
	const char *path;
};

static _Noreturn void die_of_place(const char *path, int error)
{
	if (error == -EPERM)
		die("cannot write %s: a symbolic link on the way is another user's; name the file "
		    "that is meant", path);
	die("cannot write %s: %s; name a file that you may write", path, cause(error));
}

/*
 * Frames are private: they go to nobody who made the file, or another name of it, beforehand. And a
 * file that makes the switch wait would stop all ports.
 */
static void check_file(int fd, const char *path)
{
	struct stat info;

	if (fstat(fd, &info) || !S_ISREG(info.st_mode))
		die("cannot write %s: not a regular file; use a mirror port to watch live", path);
	if (info.st_uid != geteuid())
		die("cannot write %s: it is another user's; remove it, or name another file", path);
	if (info.st_nlink > 1)
		die("cannot write %s: it has another name too; remove it, or name another file",
		    path);
	if (fchmod(fd, 0600))
		die("cannot write %s: %s", path, cause(errno));
}

static FILE *open_file(const char *path)
{
	struct place place;
	FILE *file;
	int fd, error = place_open(&place, path, true);

	if (error)
		die_of_place(path, error);
	fd = openat(place.folder, place.name,
		    O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, 0600);
	if (fd < 0)
		die_of_place(path, -errno);
	place_close(&place);
	check_file(fd, path);
	if (ftruncate(fd, 0))
		die("cannot empty %s: %s", path, cause(errno));
	file = fdopen(fd, "w");
	if (!file)
		die("cannot write %s: %s", path, cause(errno));
	return file;
}

struct capture *capture_open(const char *path, uint32_t frame_max)
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (!capture)
		die("cannot capture: %s", cause(ENOMEM));
	capture->path = path;
	capture->format = pcap_open_dead(DLT_EN10MB, (int)frame_max);
	if (!capture->format)
		die("cannot capture: %s", cause(ENOMEM));
	capture->file = open_file(path);
	capture->dump = pcap_dump_fopen(capture->format, capture->file);
	if (!capture->dump)
		die("cannot write %s: %s", path, pcap_geterr(capture->format));
	capture_flush(capture);
	return capture;
}

static void check(struct capture *capture)
{
	if (!ferror(capture->file))
		return;
	log_event("the capture %s ends: %s; make room and start the switch again", capture->path,
		  cause(errno));
	pcap_dump_close(capture->dump);
	capture->dump = NULL;
}

void capture_frame(struct capture *capture, const uint8_t *bytes, uint32_t length)
{
	struct pcap_pkthdr header = { .caplen = length, .len = length };

	if (!capture->dump)
		return;
	gettimeofday(&header.ts, NULL);
	pcap_dump((u_char *)capture->dump, &header, bytes);
	check(capture);
}

void capture_flush(struct capture *capture)
{
	if (!capture->dump)
		return;
	pcap_dump_flush(capture->dump);
	check(capture);
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	/* What is told of a capture includes what was still in memory. */
	capture_flush(capture);
	if (capture->dump)
		pcap_dump_close(capture->dump);
	pcap_close(capture->format);
	free(capture);
}
