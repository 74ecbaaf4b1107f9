// Package threadlocal brings thread-local variables of C, so that g does not lie where it lies in all other programs.
package threadlocal

/*
static __thread char big[4096];
int touch(int i) { return ++big[i % 4096]; }
*/
import "C"

func init() { C.touch(3) }

// Touch calls C: the function that does has its arguments on the stack, though it is Go.
func Touch(i int) int { return int(C.touch(C.int(i))) }
