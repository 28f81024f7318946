// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ubd options: their syntax, and the opening and locking of the files they name.
 */
#include <linux/types.h>
#include <uapi/asm-generic/errno.h>
#include <host/disk.h>
#include <host/err.h>
#include <host/file.h>
#include <host/print.h>
#include <host/string.h>
#include "option_table.h"
#include "raw.h"

struct host_disk host_disks[HOST_DISKS];

static const struct disk_flag {
	char letter;
	unsigned int flag;
	const char *help;
} disk_flags[] = {
	{ 'r', HOST_DISK_READONLY, "read only; the file may be used by other readers too" },
	{ 's', HOST_DISK_SYNC, "synchronous: a write ends when it is on the host's disk" },
	{ 'd', HOST_DISK_DATA, "data: the file is the disk, even if it looks like a COW file" },
	{ 'c', HOST_DISK_SHARED, "cluster: no lock; the guests that share the file keep order" },
	{ 't', HOST_DISK_NO_TRIM, "no trim: what the guest discards stays allocated in the file" },
};

/* Return: how many characters belong to the number, 0 if it is none. */
static size_t parse_number(const char *text, unsigned int *number)
{
	size_t i = 0;

	*number = 0;
	if (text[0] >= 'a' && text[0] < 'a' + HOST_DISKS) {
		*number = (unsigned int)(text[0] - 'a');
		return 1;
	}
	for (; i < 4 && text[i] >= '0' && text[i] <= '9'; i++)
		*number = *number * 10 + (unsigned int)(text[i] - '0');
	return *number < HOST_DISKS ? i : 0;
}

static int parse_flags(const char **text, unsigned int *flags, char *error, size_t size)
{
	*flags = 0;
	for (; **text && **text != '='; (*text)++) {
		const struct disk_flag *flag = disk_flags;

		while (flag < disk_flags + ARRAY_LEN(disk_flags) && flag->letter != **text)
			flag++;
		if (flag == disk_flags + ARRAY_LEN(disk_flags)) {
			host_format(error, size, "no such flag: %c; linux --help lists the flags",
				    **text);
			return -EINVAL;
		}
		*flags |= flag->flag;
	}
	if (**text != '=') {
		host_format(error, size, "no file is named; write ubd<n><flags>=<file>");
		return -EINVAL;
	}
	(*text)++;
	return 0;
}

static const char *open_remedy(int ret, const char *path, unsigned int flags)
{
	if (ret == -ENOENT && (strchr(path, ',') || strchr(path, ':')))
		return "check the name: it must be one file, COW pairs are not supported";
	if (ret == -ENOENT && !(flags & HOST_DISK_READONLY))
		return "check the name, or make the file by truncate -s <size>";
	if ((ret == -EACCES || ret == -EPERM || ret == -EROFS) && !(flags & HOST_DISK_READONLY))
		return "use the flag r to open it read-only, or change its permissions";
	if (ret == -EISDIR)
		return "name an image file or a block device";
	return "name another file";
}

static int lock_disk(const struct host_disk *disk, char *error, size_t size)
{
	bool exclusive = !(disk->flags & HOST_DISK_READONLY);
	int holder, ret;

	if (disk->flags & HOST_DISK_SHARED)
		return 0;
	ret = host_file_lock(disk->fd, exclusive);
	if (ret == 0 || ret == -ENOLCK || ret == -EOPNOTSUPP)
		return 0;	/* a file system without locks: nobody else can have one either */
	if (ret != -EAGAIN) {
		host_format(error, size, "cannot lock: %s; use the flag c to do without",
			    host_strerror(ret));
		return ret;
	}
	holder = host_file_lock_holder(disk->fd, exclusive);
	if (holder == host_call(getpid))
		host_format(error, size, "another ubd device has this file already; "
			    "use the flag r for both, or name another file");
	else if (holder > 0)
		host_format(error, size, "in use by process %d; end that process, "
			    "or use the flag %s", holder, exclusive ? "c to share it" : "c");
	else
		host_format(error, size, "in use by another process; end that process, "
			    "or use the flag %s", exclusive ? "c to share it" : "c");
	return ret;
}

static int open_disk(struct host_disk *disk, char *error, size_t size)
{
	unsigned int how = 0;
	int ret;

	if (!(disk->flags & HOST_DISK_READONLY))
		how |= HOST_OPEN_WRITE;
	if (disk->flags & HOST_DISK_SYNC)
		how |= HOST_OPEN_SYNC;
	ret = host_file_open(disk->path, how);
	if (ret < 0) {
		host_format(error, size, "cannot open%s: %s; %s",
			    disk->flags & HOST_DISK_READONLY ? "" : " for writing",
			    host_strerror(ret), open_remedy(ret, disk->path, disk->flags));
		return ret;
	}
	disk->fd = ret;
	ret = host_file_size(disk->fd, &disk->size_bytes);
	if (ret < 0) {
		host_format(error, size, "neither a file nor a block device: %s; %s",
			    host_strerror(ret), open_remedy(-EISDIR, disk->path, disk->flags));
	} else if (disk->size_bytes == 0) {
		host_format(error, size, "it is empty; give it a size by truncate -s <size>");
		ret = -EINVAL;
	} else {
		ret = lock_disk(disk, error, size);
	}
	if (ret < 0)
		host_file_close(disk->fd);
	return ret;
}

int host_disk_parse(const char *text, char *error, size_t size)
{
	struct host_disk disk = { .fd = -1 };
	unsigned int number;
	size_t len = parse_number(text, &number);
	int ret;

	if (len == 0) {
		host_format(error, size,
			    "no such device; there are ubd0 to ubd%d, or ubda to ubd%c",
			    HOST_DISKS - 1, 'a' + HOST_DISKS - 1);
		return -EINVAL;
	}
	text += len;
	ret = parse_flags(&text, &disk.flags, error, size);
	if (ret < 0)
		return ret;
	if (!*text) {
		host_format(error, size, "no file is named; write ubd<n><flags>=<file>");
		return -EINVAL;
	}
	if (host_disks[number].path) {
		host_format(error, size, "the device has a file already; use another number");
		return -EBUSY;
	}
	disk.path = text;
	ret = open_disk(&disk, error, size);
	if (ret < 0)
		return ret;
	host_disks[number] = disk;
	return (int)number;
}

/* ------------------------------------------------------------- the options */

static bool match_ubd(const char *word)
{
	if (strncmp(word, "ubd", 3) != 0)
		return false;
	return (word[3] >= '0' && word[3] <= '9') || (word[3] >= 'a' && word[3] <= 'z') ||
	       word[3] == '=' || !word[3];
}

static void parse_ubd(const char *value)
{
	char error[512];

	if (host_disk_parse(value, error, sizeof(error)) < 0)
		host_die("ubd%s: %s", value, error);
}

static void help_flags(void)
{
	for (size_t i = 0; i < ARRAY_LEN(disk_flags); i++) {
		char syntax[16];

		host_format(syntax, sizeof(syntax), "  flag %c", disk_flags[i].letter);
		host_option_row(syntax, disk_flags[i].help);
	}
}

static const struct host_option ubd_options[] = {
	{ "ubd", "ubd<n><flags>=<file>",
	  "disk <n>, 0 to 15 or a to p, is this file or block device of the host;\n"
	  "the guest sees /dev/ubda to /dev/ubdp. The file is locked.", match_ubd, parse_ubd },
};

const struct host_option_family host_ubd_options = {
	.title = "Disks",
	.options = ubd_options,
	.count = ARRAY_LEN(ubd_options),
	.help_more = help_flags,
};
