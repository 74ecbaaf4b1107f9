/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/* Sites, probes and processes: what a hit means. */
#ifndef SIDESPAN_WIRE_SITE_H
#define SIDESPAN_WIRE_SITE_H

#include "limits.h"

enum site_action {
	SITE_ENTER = 1,	    /* a call begins */
	SITE_LEAVE = 2,	    /* RET or tail jump: ends the call with the same probe and depth */
	SITE_FINISH = 3,    /* ends the innermost open call of the probe, whatever the depth (presets) */
	SITE_SCOPE_END = 4, /* RET of an enclosing function: ends all calls deeper than it */
	SITE_GOROUTINE_END = 5, /* runtime.goexit1: ends all calls of the goroutine */
	SITE_PANIC = 6,	    /* runtime.gopanic: captures the value */
	SITE_RECOVERY = 7,  /* runtime.recovery, on g0: ends the calls that the panic unwound */
	SITE_GOEXIT = 8,    /* runtime.Goexit: ends all calls of the goroutine */
	SITE_BODY = 9,	    /* within a call: captures arguments that could not be read at its entry */
	SITE_INLINED = 10,  /* where an inlined call's code begins: counted and sent at once, its end is nowhere */
	SITE_KEEP = 11,	    /* as SITE_LEAVE; but if the function returned an object, the call goes on, known by its address */
	SITE_RELEASE = 12,  /* ends the call that goes on with that object, on whatever goroutine */
	SITE_NOTE = 13,	    /* captures something about the innermost open call of the probe, which goes on */
	SITE_START = 14,    /* runtime.newproc, on g0, calls runqput(p, g, true): the goroutine g was made */
	SITE_STATUS = 15,   /* runtime.casgstatus(g, old, new), on whatever goroutine */
	SITE_SYSCALL = 16,  /* runtime.reentersyscall and exitsyscall, where they set the status themselves (from Go 1.26 on) */
	SITE_SYSCALL_END = 17,
	/* Of outgoing.bpf.c, which is loaded only where headers are written: */
	SITE_PASS = 18,	      /* the innermost open call of the probe is known by a word from here on: outgoing_site.key */
	SITE_PASS_ON = 19,    /* the call that is known by that word is known by the goroutine now */
	SITE_WRITE_LINE = 20, /* HTTP/1.1: the next lines in a bufio.Writer are the request's headers */
	SITE_WRITE_BLOCK = 21, /* HTTP/2: an encoded header block is about to become a frame */
	SITE_PHASE = 22, /* a request of HTTP comes into another phase */
	/* With settings.messages; see messages.h: */
	SITE_MESSAGE_SENT = 23,	    /* on the stream in the register `object`; its header is where the register `object_at` points to */
	SITE_MESSAGE_AWAITED = 24,  /* the register `object` has the address of a parser: at `object_at` in it is its stream's, then the header that it reads */
	SITE_MESSAGE_RECEIVED = 25, /* by that parser */
	SITE_MESSAGE_RETRY = 26,    /* `object`: a register with a client's call; `object_at`: where it has its attempt (high u16), and that its stream */
};

enum site_flag {
	SITE_STACK_CHECK = 1, /* at the conditional jump to morestack: a taken jump is a restart, not a hit */
	SITE_STACK_ABI = 2,   /* in code of Go's ABI0: arguments on the stack; on amd64 g in thread-local storage, not in R14 */
	SITE_TRACEPARENT = 4, /* of an entry: its plan has an OP_TRACEPARENT, where it is decided whether the call is sampled */
	SITE_LABELS_GO_ON = 8, /* of an entry with SITE_TRACEPARENT: there the first two steps of label_plan have been done */
	SITE_SILENT = 16,     /* SITE_NOTE: only keeps words in the call's frame */
	SITE_REPEATS = 32,    /* SITE_FINISH: also hit when the call has ended there before */
};

struct site {
	__u64 vaddr; /* linked address of the probed instruction: load bias = IP - vaddr */
	__u32 action;
	__u32 flags;
	__u32 process_slot;
	__u32 probe;
	__u32 function; /* which function of the binary: two probes may share one */
	__u32 plan;	/* first op to run here; 0: nothing to capture */
	__u32 frame_bytes; /* by which SP is lower than at the function's entry */
	__u32 group; /* of the process: within an open call of its group the hit belongs to that one. 0: none */
	__u32 label_plan; /* of a call that is not sampled, in place of `plan` */
	__u32 object; /* SITE_PHASE: enum request_phase; SITE_KEEP, SITE_RELEASE: the register with the object's address, or of what has it … */
	__u32 object_at; /* … at this offset, if that is not 0; SITE_PHASE: enum phase_change */
	__u32 generation; /* hits count while it is the process's */
};

enum probe_flag {
	PROBE_SERVER = 1,  /* begins a trace of its own unless a server call encloses it */
	PROBE_HELD = 2,	   /* ended by SITE_FINISH: not abandoned by another function's entry at the same depth */
	PROBE_SEND_ARGUMENTS = 4, /* the capture at entry is sent at once as RECORD_ARGUMENTS */
	PROBE_LIMITED = 8, /* settings.captures_per_second holds for it */
	PROBE_KEEP_ARGUMENTS = 16, /* the capture at entry waits for the call's end; where it finds no room it is sent at once */
	PROBE_PHASES = 32, /* of HTTP requests: settings.request_phases */
	PROBE_NOTED = 64,  /* SITE_NOTE says something of its calls that are not sampled, too */
};

/* Where a call's context.Context is at its entry, an interface's two words. */
enum context_base {
	CONTEXT_NONE = 0,
	CONTEXT_REGISTERS = 1, /* `first` and `second` are registers' numbers */
	CONTEXT_STACK = 2,     /* `first` is a place above SP, in words */
};

struct context_place {
	__u8 base; /* enum context_base */
	__u8 first;
	__u8 second; /* where nothing is followed */
	__u8 hops;   /* of pointers: the first word is one to a struct which holds at at[0] the context, or with 2 … */
	__u16 at[2]; /* … a pointer to one that holds it at at[1] */
};

/* Which labels say that a call failed, of those that are not sampled. */
struct failure {
	__u8 code; /* place of a code plus 1; 0: none says it */
	__u8 set;  /* of a LABEL_PRESENT plus 1: it is set */
	__u8 text; /* 1: there is a text */
	__u8 pad;
	__u32 code_from; /* codes that are not below … */
	__u32 codes; /* … and these: a bit each */
};

struct probe {
	__u32 flags;
	__u32 abandoned_plan; /* run when the call ends in any way but its own exit site; 0: nothing */
	__u32 abandoned_label_plan;
	__u32 bounds; /* of its durations: the table in duration_bounds; from BOUNDS_TABLES on: none are counted */
	struct context_place context; /* of a server: by it calls on other goroutines are known to be the request's */
	struct failure failure;
	__u32 pad;
};

struct process {
	__u32 g_goid;	    /* offsets in runtime.g and runtime._panic */
	__u32 g_stack_hi;
	__u32 g_panic;
	__u32 panic_fp;
	__u32 map_kind;	    /* enum map_kind */
	__u32 generation;   /* of the sites whose hits count, with a flag while they change: see site-change.h */
	__u32 g_recovery_sp; /* before Go 1.22: offset in g of the recovering function's SP (sigcode0); 0: _panic.fp has it */
	__s32 thread_g;	    /* where a thread keeps g, from its FS base (amd64) */
	__u64 constants_vaddr; /* memory of the executable that is never written */
	__u64 constants_bytes;
	__u32 g_parent_goid; /* offset in runtime.g; 0: it has none */
	__u32 parents;	     /* calls may have parents on other goroutines */
	__u32 g_wait_reason; /* offset in runtime.g */
	__u32 pad;
	__u8 waits[WAIT_REASONS]; /* enum goroutine_activity by waitReason */
	__u64 context_types[CONTEXT_TYPES]; /* linked addresses of type descriptors: of contexts that hold their parent first, … */
	__u64 context_ends[CONTEXT_ENDS];   /* … and of those without one */
	__u64 context_itabs[CONTEXT_ITABS]; /* what the itabs at these addresses are; see parents.h */
	__u64 known_keys[KNOWN_KEYS]; /* what the keys of maps are that lie there; see map-walk.h */
};

/* Hits of no site count: the probes are going, calls would lose their ends. */
#define GENERATION_NONE 0xffffffff
#define CHANGE_BEGUN 0x40000000 /* the next generation is about to be attached */
#define CHANGE_DONE 0x80000000	/* the one before is about to be detached */

enum map_kind { MAP_BUCKETS = 1 /* hmap, up to Go 1.23 */, MAP_SWISS = 2 };

#endif
