// SPDX-License-Identifier: GPL-2.0-only
/* lib_tools.c - unit tests of lib/: parsing, whole reads and writes, JSON, text for terminals. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/json.h"
#include "lib/parse.h"
#include "lib/printable.h"
#include "unit.h"

static void numbers_are_whole_and_in_range(void)
{
	static const struct {
		const char *text;
		uint64_t max;
		int error;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0, 0 },
		{ "4294967295", UINT32_MAX, 0, UINT32_MAX },
		{ "4294967296", UINT32_MAX, -ERANGE, 0 },
		{ "0x1F", 100, 0, 31 },
		{ "010", 100, 0, 10 },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "", 9, -EINVAL, 0 },
		{ "-1", UINT64_MAX, -EINVAL, 0 },
		{ " 1", 9, -EINVAL, 0 },
		{ "1 ", 9, -EINVAL, 0 },
		{ "0x", 9, -EINVAL, 0 },
		{ "0x-1", 9, -EINVAL, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 0;

		CHECK_EQ(parse_number(cases[i].text, cases[i].max, &value), cases[i].error);
		CHECK_EQ(value, cases[i].value);
	}
}

static void sizes_have_one_suffix(void)
{
	uint64_t size = 0;

	CHECK_EQ(parse_size("512", UINT64_MAX, &size), 0);
	CHECK_EQ(size, 512);
	CHECK_EQ(parse_size("3k", UINT64_MAX, &size), 0);
	CHECK_EQ(size, 3072);
	CHECK_EQ(parse_size("2T", UINT64_MAX, &size), 0);
	CHECK_EQ(size, 2ULL << 40);
	CHECK_EQ(parse_size("1G", (1 << 30) - 1, &size), -ERANGE);
	CHECK_EQ(parse_size("18014398509481984k", UINT64_MAX, &size), -ERANGE);
	CHECK_EQ(parse_size("1kk", UINT64_MAX, &size), -EINVAL);
	CHECK_EQ(parse_size("1x", UINT64_MAX, &size), -EINVAL);
	CHECK_EQ(parse_size("G", UINT64_MAX, &size), -EINVAL);
}

static void ethernet_addresses_are_six_pairs(void)
{
	static const char *const wrong[] = { "", "1:2:3:4:5:6", "01:02:03:04:05", "01:02:03:04:05:0g",
		"01:02:03:04:05:06:", "01-02-03-04-05-06", " 01:02:03:04:05:06" };
	uint8_t mac[6] = { 0 };

	CHECK_EQ(parse_mac("fe:FD:00:a1:0f:ff", mac), 0);
	CHECK(!memcmp(mac, "\xfe\xfd\x00\xa1\x0f\xff", 6));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK_EQ(parse_mac(wrong[i], mac), -EINVAL);
}

static void json_is_escaped_and_indented(void)
{
	static const char wanted[] = "{\n"
		"  \"name\": \"a\\\"b\\\\\\u0001\\ufffd\xc3\xa4\\ufffd\",\n"
		"  \"none\": null,\n"
		"  \"list\": [\n    -1,\n    true\n  ],\n"
		"  \"empty\": {}\n"
		"}\n";
	char *text = NULL;
	size_t length = 0;
	struct json json = { .out = open_memstream(&text, &length) };

	json_object_begin(&json, NULL);
	json_string(&json, "name", "a\"b\\\x01\xff\xc3\xa4\xc3");
	json_string(&json, "none", NULL);
	json_array_begin(&json, "list");
	json_number(&json, NULL, -1);
	json_bool(&json, NULL, true);
	json_array_end(&json);
	json_object_begin(&json, "empty");
	json_object_end(&json);
	json_object_end(&json);
	fclose(json.out);
	CHECK(!strcmp(text, wanted));
	free(text);
}

static void json_has_all_bytes_and_no_control_characters(void)
{
	static const char text[] = "a\0b\xc2\x9b\xe2\x80\xa8\xe2\x80\xae\x9b\xf3\xa0\x80\x81\xf0\x9f\x90\xa7";
	static const char wanted[] = "[\n  \"a\\u0000b\\u009b\\u2028\\u202e\\ufffd"
		"\\udb40\\udc01\xf0\x9f\x90\xa7\"\n]\n";
	char *shown = NULL;
	size_t length = 0;
	struct json json = { .out = open_memstream(&shown, &length) };

	json_array_begin(&json, NULL);
	json_bytes(&json, NULL, text, sizeof(text) - 1);
	json_array_end(&json);
	fclose(json.out);
	CHECK(!strcmp(shown, wanted));
	free(shown);
}

/* Each character that is not for terminals, in each place of a text. */
static void effects_are_not_shown(void)
{
	static const char *const hidden[] = {
		"\x01", "\x1b", "\x7f", "\x80", "\x9b", "\xff", "\xc2\x80", "\xc2\x9b", "\xc2\x9f",
		"\xd8\x9c", "\xe2\x80\x8b", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8",
		"\xe2\x80\xa9", "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad",
		"\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9",
		"\xef\xbb\xbf", "\xef\xbf\xb9", "\xee\x80\x80", "\xf3\xa0\x81\x81",
		/* Cut short, too long a form, a surrogate, beyond the last. */
		"\xc3", "\xe2\x80", "\xc0\x9b", "\xe0\x82\x9b", "\xed\xa0\x80", "\xf4\x90\x80\x80",
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		char text[32], *line;

		snprintf(text, sizeof(text), "a%sb%s", hidden[i], hidden[i]);
		line = printable_line(text);
		for (const char *at = line; *at; at++)
			CHECK(*at >= ' ' && *at <= '~');
		CHECK(line[0] == 'a' && strchr(line, 'b'));
		free(line);
		printable_mask(text, strlen(text));
		CHECK_EQ(strspn(text, "ab?"), 2 + 2 * strlen(hidden[i]));
	}
}

static void letters_of_all_languages_are_shown(void)
{
	static const char text[] = "a\\ ~\xc3\xa4\xc3\x9b\xe2\x82\xac\xe6\xbc\xa2\xf0\x9f\x90\xa7";
	char copy[sizeof(text)], *line = printable_line(text), *exact = NULL;
	size_t length;
	FILE *out = open_memstream(&exact, &length);

	CHECK(!strcmp(line, text));
	free(line);
	memcpy(copy, text, sizeof(text));
	printable_mask(copy, strlen(copy));
	CHECK(!strcmp(copy, text));
	printable_write(out, "a\\\n\t\0", 5, PRINTABLE_LINES | PRINTABLE_EXACT);
	fclose(out);
	CHECK(!strcmp(exact, "a\\x5c\n\t\\x00"));
	free(exact);
}

/* There the second byte of a letter may be a control character. */
static void without_utf8_only_ascii_is_shown(void)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		char *line;

		setenv("LC_ALL", "C", 1);
		unit_failures = 0;
		line = printable_line("\xc3\x9b");
		CHECK(!strcmp(line, "\\xc3\\x9b"));
		free(line);
		exit(UNIT_RESULT());
	}
	waitpid(pid, &status, 0);
	CHECK_EQ(status, 0);
}

static void reads_end_at_the_end_of_file(void)
{
	FILE *file = tmpfile();
	char bytes[8] = { 0 };

	CHECK_EQ(write_full_at(fileno(file), "abcdef", 6, 2), 0);
	CHECK_EQ(read_full_at(fileno(file), bytes, sizeof(bytes), 4), 4);
	CHECK(!memcmp(bytes, "cdef", 4));
	CHECK_EQ(read_full_at(fileno(file), bytes, sizeof(bytes), 100), 0);
	CHECK_EQ(read_full_at(-1, bytes, 1, 0), -EBADF);
	CHECK_EQ(write_full_at(-1, bytes, 1, 0), -EBADF);
	fclose(file);
}

static void descriptors_pass_over_sockets(void)
{
	int ends[2], sent[2];
	char control[CMSG_SPACE(sizeof(int))], byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int got = -1;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	CHECK_EQ(pipe(sent), 0);
	CHECK_EQ(send_fd(ends[0], sent[1], "x", 1), 0);
	CHECK_EQ(recvmsg(ends[1], &message, 0), 1);
	CHECK_EQ(byte, 'x');
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(got));
	CHECK_EQ(write_full(got, "hello", 5), 0);
	CHECK_EQ(read(sent[0], (char[8]){ 0 }, 8), 5);
	close(ends[1]);
	CHECK_EQ(send_fd(ends[0], sent[1], "x", 1), -EPIPE);
}

int main(void)
{
	numbers_are_whole_and_in_range();
	sizes_have_one_suffix();
	ethernet_addresses_are_six_pairs();
	/* Before the locale is looked at. */
	without_utf8_only_ascii_is_shown();
	setenv("LC_ALL", "C.UTF-8", 1);
	json_is_escaped_and_indented();
	json_has_all_bytes_and_no_control_characters();
	effects_are_not_shown();
	letters_of_all_languages_are_shown();
	reads_end_at_the_end_of_file();
	descriptors_pass_over_sockets();
	return UNIT_RESULT();
}
