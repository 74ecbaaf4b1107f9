/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Durations of calls whose records are not sent. */
#ifndef SIDESPAN_WIRE_SERIES_H
#define SIDESPAN_WIRE_SERIES_H

#include "limits.h"

/* Calls that metrics tell apart, key of the `series` map. */
struct series_key {
	__u32 probe;
	__u16 end;	  /* enum call_end, or SERIES_REST */
	__u8 text_status; /* enum text_status */
	__u8 text_bytes;
	__u8 labels[LABELS];
	__u8 text[LABEL_TEXT_BYTES];
};

/* A text up to its first literal, key of the `text_shapes` map: its value is a number that stands for it. */
struct text_shape {
	__u8 text_bytes;
	__u8 text_status; /* TEXT_CUT: more follows */
	__u8 pad[6];
	__u8 text[SHAPE_BYTES];
};

enum text_status { TEXT_NONE = 0, TEXT_WHOLE = 1, TEXT_CUT = 2 };

/* Series of calls of which nothing is told apart: the table was full, or the record was lost. The text is empty. */
#define SERIES_REST 255

struct body_sizes {
	__u64 sum;
	__u64 min; /* plus 1: 0 before the first one */
	__u64 max;
	__u64 counts[SIZE_BOUNDS + 1];
};

struct series {
	__u64 sum_ns;
	__u64 min_ns; /* plus 1: 0 before the first one */
	__u64 max_ns;
	__u64 counts[DURATION_BOUNDS + 1]; /* of durations up to each bound, and above the last */
	struct body_sizes sizes[SIZES];	   /* in bytes, of calls of which they are known */
};

/* The same values in an exponential histogram's buckets too: the first is of 0. */
struct wide_series {
	struct series series;
	__u64 exponential_counts[EXPONENTIAL_BUCKETS];
	__u64 exponential_sizes[SIZES][EXPONENTIAL_SIZE_BUCKETS];
};

#endif
