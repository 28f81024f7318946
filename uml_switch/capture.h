/* SPDX-License-Identifier: GPL-2.0-only */
/* capture.h - a file with all frames that enter the switch, in the format of libpcap. */
#ifndef SWITCH_CAPTURE_H
#define SWITCH_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

struct capture;

/**
 * capture_open() - begin a capture; an existing file is overwritten
 * @path: the file
 * @frame_max: the longest frame, bytes
 *
 * Exits with a message where that fails.
 */
struct capture *capture_open(const char *path, uint32_t frame_max);

/* capture_frame() - write one frame; after an error, nothing more is written */
void capture_frame(struct capture *capture, const uint8_t *bytes, uint32_t length);

/* capture_flush() - hand to the system what is still in memory */
void capture_flush(struct capture *capture);

void capture_close(struct capture *capture);

#endif
