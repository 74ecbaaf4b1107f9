/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* How much there can be of anything. */
#ifndef SIDESPAN_WIRE_LIMITS_H
#define SIDESPAN_WIRE_LIMITS_H

#include <linux/types.h>

#define CAPTURE_BYTES 4096	 /* most bytes one capture may take: a ring of 8 MiB then holds 2,000 of the largest */
#define UNSENT_BYTES 1024	 /* images that a capture reads but does not send, each with those within */
#define PLAN_STEPS 512		 /* most ops one capture may execute, loops included */
#define PLAN_DEPTH 8		 /* most nested pointers, slices and dynamic types */
#define PLAN_OPS 65536		 /* ops of all plans together */
#define PLAN_STRING_BYTES 56	 /* longest header name a plan can look up */
#define PLAN_STRINGS 256
#define MAX_SITES 65536
#define MAX_PROBES 16384
#define MAX_PROCESSES 256
#define INLINE_FRAMES 6		 /* open calls kept in a goroutine's own entry; deeper ones overflow */
#define KEPT_BYTES 512		 /* most bytes of one call's arguments that are kept until it ends; more are sent ahead */
#define MAX_FRAMES 4096		 /* open traced calls on one goroutine; beyond: counted as frame_stack_full */
#define KNOWN_KEYS 32		 /* a power of two */
#define SAVED_WORDS 4		 /* words a capture may keep from entry to exit */
#define MAX_WALK_STEPS 64	 /* groups of a Go map searched for headers (8 entries each), and keys of fitting length compared */
#define MAX_CONTEXTS 16		 /* links of a context.Context chain searched for a key, or for a request's */
#define CONTEXT_TYPES 8		 /* types of contexts that hold their parent first */
#define CONTEXT_ENDS 3		 /* types of contexts without a parent */
#define CONTEXT_ITABS 16	 /* a power of two */
#define LABELS 16		 /* small labels of a series, a byte each … */
#define ENTRY_LABELS 8		 /* … the first of which a call's entry may know */
#define LABEL_TEXT_BYTES 128	 /* of its text */
#define LABEL_CHOICES 16	 /* most texts that one label tells apart */
#define SHAPE_BYTES 240	 /* of a text that is told apart up to its first literal: a multiple of 8 below 256 */
#define MAX_SHAPES 1024	 /* of those, of all processes together */
#define PANIC_FRAMES 32	 /* of a panic's stack */
#define DURATION_BOUNDS 31	 /* most bounds of a histogram */
#define BOUNDS_TABLES 8	 /* a power of two; the last is that of body sizes */
#define SIZE_BOUNDS 15	 /* most bounds of that one */
#define EXPONENTIAL_BUCKETS 450 /* of durations: the last is above 2 years */
#define EXPONENTIAL_SIZE_BUCKETS 163 /* of sizes: the last is above a TiB */
#define SIZES 2		 /* of a call: of its request's body, and of its answer's */
#define MESSAGE_BYTES_UNKNOWN (1ull << 52) /* in a number of bytes: some are not known */
#define GOROUTINE_ACTIVITIES 8
#define WAIT_REASONS 64	 /* more than any release has */

#endif
