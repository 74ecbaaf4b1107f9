#include "textflag.h"

// func add(a, b int64) int64
TEXT ·add(SB), NOSPLIT, $0-24
	MOVQ a+0(FP), R14
	ADDQ b+8(FP), R14
	MOVQ R14, ret+16(FP)
	RET

// func stop()
TEXT ·stop(SB), NOSPLIT, $0-0
	HLT
	RET
