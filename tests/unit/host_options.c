// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line of the kernel's process: each case is a run of this program as that
 * process, which prints what it understood.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <host/channel.h>
#include <host/disk.h>
#include <host/option.h>
#include <host/print.h>
#include <host/process.h>
#include "host_stubs.h"
#include "unit.h"

#define ARGS		8
#define OUTPUT_BYTES	16384

static void print_options(void)
{
	host_print(1, "mem=%llu line=[%s] noreboot=%d umid=%s initrd=%llu\n",
		   (unsigned long long)host_options.mem_bytes, host_options.command_line,
		   host_options.noreboot, host_options.umid_given ? host_options.umid : "-",
		   (unsigned long long)host_options.initrd_bytes);
	for (int i = 0; i < HOST_DISKS; i++) {
		if (host_disks[i].path)
			host_print(1, "ubd%d=%s flags=%x size=%llu\n", i, host_disks[i].path,
				   host_disks[i].flags,
				   (unsigned long long)host_disks[i].size_bytes);
	}
	for (int i = 0; i < HOST_CONSOLES; i++)
		host_print(1, "%d:%d,%d/%d,%d ", i, host_consoles[i].in.kind,
			   host_consoles[i].in.fd, host_consoles[i].out.kind,
			   host_consoles[i].out.fd);
	host_print(1, "\n");
}

struct test_case {
	const char *args[ARGS];
	int status;
	const char *out;	/* must stand in standard output */
	const char *err;	/* must stand in standard error; NULL: nothing may */
};

static const struct test_case cases[] = {
	{ { NULL }, 0, "mem=268435456 line=[] noreboot=0 umid=- initrd=0\n", NULL },
	{ { NULL }, 0, "0:2,0/2,1 1:0,0/0,0 ", NULL },
	{ { "mem=64M" }, 0, "mem=67108864 line=[mem=64M]", NULL },
	{ { "mem=65537k" }, 0, "mem=69206016 ", NULL },
	{ { "mem=2g", "quiet" }, 0, "mem=2147483648 line=[mem=2g quiet]", NULL },
	{ { "mem=134217728" }, 0, "mem=134217728 ", NULL },
	{ { "mem=" }, 1, NULL, "linux: mem=: no size; write a number with k, M or G" },
	{ { "mem=12X" }, 1, NULL, "mem=12X: no size" },
	{ { "mem=12MB" }, 1, NULL, "mem=12MB: no size" },
	{ { "mem=-5M" }, 1, NULL, "mem=-5M: no size" },
	{ { "mem=512" }, 1, NULL, "mem=512: out of range; write a size from 32M to 1024G" },
	{ { "mem=2000G" }, 1, NULL, "out of range" },
	{ { "mem=99999999999999999999G" }, 1, NULL, "no size" },
	{ { "mem=9000000000G" }, 1, NULL, "no size" },

	{ { "init=/a b", "c d", "e=\"f g\"", "" }, 0,
	  "line=[init=\"/a b\" \"c d\" e=\"f g\" \"\"]", NULL },
	{ { "a b=c" }, 0, "line=[\"a b=c\"]", NULL },
	{ { "noreboot", "x=1", "--", "mem=1", "--any" }, 0,
	  "line=[noreboot x=1 -- mem=1 --any] noreboot=1", NULL },
	{ { "--hepl" }, 1, NULL, "linux: --hepl: unknown option; linux --help lists them" },
	{ { "ubd.x=3", "console=tty0", "umidx=3", "noreboots" }, 0, "noreboot=0", NULL },

	{ { "umid=one" }, 0, "umid=one", NULL },
	{ { "umid=a/b" }, 1, NULL, "umid=a/b: neither / nor blanks" },
	{ { "umid=" }, 1, NULL, "umid=: a name of 1 to 63 characters" },
	{ { "umid=.." }, 1, NULL, "umid=..: it cannot begin with a dot" },
	{ { "uml_dir=" }, 1, NULL, "uml_dir=: no folder is named" },

	{ { "initrd=odd.img" }, 0, "initrd=1000\n", NULL },
	{ { "initrd=nothing" }, 1, NULL, "initrd=nothing: cannot open: No such file or directory" },
	{ { "initrd=." }, 1, NULL, "initrd=.: cannot read: Is a directory" },
	{ { "initrd=empty.img" }, 1, NULL, "initrd=empty.img: the file is empty" },
	{ { "initrd=odd.img", "initrd=odd.img" }, 1, NULL, "given twice" },
	{ { "initrd=big.img", "mem=32M" }, 1, NULL, "initrd=big.img: too large for mem=32M" },

	{ { "ubd0=odd.img" }, 0, "ubd0=odd.img flags=0 size=1000\n", NULL },
	{ { "ubdb=odd.img" }, 0, "ubd1=odd.img flags=0", NULL },
	{ { "ubd15rsdct=odd.img" }, 0, "ubd15=odd.img flags=1f", NULL },
	{ { "ubddd=odd.img" }, 0, "ubd3=odd.img flags=4", NULL },
	{ { "ubd0r=odd.img", "ubdcr=odd.img" }, 0, "ubd2=odd.img flags=1", NULL },
	{ { "ubd0c=odd.img", "ubd1=odd.img" }, 0, "ubd1=odd.img flags=0", NULL },
	{ { "ubd0=odd.img", "ubd1=odd.img" }, 1, NULL,
	  "linux: ubd1=odd.img: another ubd device has this file already; use the flag r" },
	{ { "ubd0=odd.img", "ubd0=big.img" }, 1, NULL, "the device has a file already" },
	{ { "ubd16=odd.img" }, 1, NULL, "ubd16=odd.img: no such device; there are ubd0 to ubd15" },
	{ { "ubdq=odd.img" }, 1, NULL, "no such device" },
	{ { "ubd=odd.img" }, 1, NULL, "no such device" },
	{ { "ubd0x=odd.img" }, 1, NULL, "ubd0x=odd.img: no such flag: x" },
	{ { "ubd0r" }, 1, NULL, "ubd0r: no file is named" },
	{ { "ubd0=" }, 1, NULL, "ubd0=: no file is named" },
	{ { "ubd0=nothing" }, 1, NULL, "cannot open for writing: No such file or directory; check" },
	{ { "ubd0=cow,back" }, 1, NULL, "COW pairs are not supported" },
	{ { "ubd0=." }, 1, NULL, "ubd0=.: cannot open for writing: Is a directory" },
	{ { "ubd0r=." }, 1, NULL, "neither a file nor a block device" },
	{ { "ubd0=empty.img" }, 1, NULL, "ubd0=empty.img: it is empty" },
	{ { "ubd0r=/dev/null" }, 1, NULL, "neither a file nor a block device" },

	{ { "con1=null", "con2=fd:0,fd:1", "con3=none" }, 0,
	  "0:2,0/2,1 1:1,-1/1,-1 2:2,0/2,1 3:0,-1/0,-1 4:0,0/0,0 ", NULL },
	{ { "con0=null,fd:2", "con=null" }, 0, "0:1,-1/2,2 1:1,-1/1,-1 ", NULL },
	{ { "con=null", "con0=fd:0,1" }, 0, "0:2,0/2,1 1:1,-1/1,-1 ", NULL },
	{ { "con16=null" }, 1, NULL, "con16=null: no such line" },
	{ { "con0=xterm" }, 1, NULL, "con0=xterm: no such channel: xterm" },
	{ { "con0=" }, 1, NULL, "no such channel" },
	{ { "con0=fd:99" }, 1, NULL, "fd:99: Bad file descriptor; open it in the shell" },
	{ { "con0=fd:x" }, 1, NULL, "fd:x: no descriptor" },
	{ { "con0=fd:2" }, 1, NULL, "fd:2: not open for reading" },

	{ { "--version" }, 0, "6.12.0-unit\n", NULL },
	{ { "--showconfig" }, 0, "CONFIG_UNIT=y\n# CONFIG_OTHER is not set\n", NULL },
	{ { "--help" }, 0, "  mem=<size>                memory of the guest", NULL },
	{ { "--help" }, 0, "    flag r                  read only", NULL },
	{ { "--help" }, 0, "    fd:<n>                  descriptor <n>", NULL },
};

static size_t read_all(int fd, char *buf)
{
	size_t len = 0;
	ssize_t got;

	lseek(fd, 0, SEEK_SET);
	while ((got = read(fd, buf + len, OUTPUT_BYTES - 1 - len)) > 0)
		len += (size_t)got;
	buf[len] = 0;
	return len;
}

/* A file without a name, for one direction of a run. */
static int scratch(int *write_fd)
{
	char name[] = "out.XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);

	/* Of its own for the program, open for writing only as a shell would. */
	*write_fd = open(name, O_WRONLY | O_CLOEXEC);
	unlink(name);
	return fd;
}

static void run_case(const char *program, const struct test_case *test)
{
	static char out[OUTPUT_BYTES], err[OUTPUT_BYTES];
	const char *args[ARGS + 3] = { program, "--as-kernel" };
	int out_write, err_write, status;
	int out_fd = scratch(&out_write), err_fd = scratch(&err_write);
	int before = unit_failures;
	pid_t child;

	for (int i = 0; i < ARGS && test->args[i]; i++)
		args[i + 2] = test->args[i];
	child = fork();
	if (child == 0) {
		dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
		dup2(out_write, 1);
		dup2(err_write, 2);
		execv(program, (char **)args);
		_exit(99);
	}
	waitpid(child, &status, 0);
	read_all(out_fd, out);
	read_all(err_fd, err);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), test->status);
	CHECK(!test->out || strstr(out, test->out));
	CHECK(test->err ? strstr(err, test->err) != NULL : !err[0]);
	/* One line on standard error. */
	CHECK(!test->err || strchr(err, '\n') == strrchr(err, '\n'));
	CHECK(!test->err || !out[0]);
	if (unit_failures != before)
		fprintf(stderr, "case: %s %s\nstdout: %s\nstderr: %s\n",
			test->args[0] ? test->args[0] : "(none)",
			test->args[0] && test->args[1] ? test->args[1] : "", out, err);
	close(out_fd);
	close(out_write);
	close(err_fd);
	close(err_write);
}

static void make_file(const char *name, off_t size)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK_EQ(ftruncate(fd, size), 0);
	close(fd);
}

/* The text of an error is that of the C library. */
static void test_errors(void)
{
	for (int i = 1; i < 133; i++) {
		const char *text = host_strerror(-i);

		if (strcmp(text, "Unknown error") != 0)
			CHECK(!strcmp(text, strerror(i)));
	}
	CHECK(!strcmp(host_strerror(5000), "Unknown error"));
}

static void test_format(void)
{
	char text[32];

	CHECK_EQ(host_format(text, sizeof(text), "%5d|%-5d|%05d|%x", -42, 42, 42, 0xbeefU), 22);
	CHECK(!strcmp(text, "  -42|42   |00042|beef"));
	CHECK_EQ(host_format(text, 5, "%s", "longer"), 6);
	CHECK(!strcmp(text, "long"));
	host_format(text, sizeof(text), "%lu %lld %c%%", ~0UL, -9223372036854775807LL - 1, 'x');
	CHECK(!strncmp(text, "18446744073709551615 -9223372036", 31));
}

static void test_known(void)
{
	CHECK(host_option_known("ubd0=x"));
	CHECK(host_option_known("con3=null"));
	CHECK(host_option_known("mem=5"));
	CHECK(!host_option_known("console=tty0"));
	CHECK(!host_option_known("root=/dev/ubda"));
	CHECK(!host_option_known("ubd.debug=1"));
}

int main(int argc, char **argv, char **envp)
{
	char folder[] = "/tmp/host_options.XXXXXX", program[4096];
	ssize_t len;

	if (argc > 1 && strcmp(argv[1], "--as-kernel") == 0) {
		argv[1] = argv[0];
		host_options_parse(argc - 1, argv + 1, envp);
		print_options();
		host_exit(0);
	}
	len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	program[len > 0 ? len : 0] = 0;
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return 1;
	make_file("odd.img", 1000);
	make_file("big.img", 20 << 20);
	make_file("empty.img", 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_case(program, &cases[i]);
	test_errors();
	test_format();
	test_known();
	unlink("odd.img");
	unlink("big.img");
	unlink("empty.img");
	CHECK_EQ(rmdir(folder), 0);
	return UNIT_RESULT();
}
