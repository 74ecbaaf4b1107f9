// Abilocations prints where the compiler says that the parameters of main's functions are at entry: one line a parameter,
// `function parameter location`, the location as a DWARF expression in hex or `-`. Reads DWARF 4 (GOEXPERIMENT=nodwarf5).
package main

import (
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
)

func main() {
	file, err := elf.Open(os.Args[1])
	check(err)
	data, err := file.DWARF()
	check(err)
	var lists []byte
	if section := file.Section(".debug_loc"); section != nil {
		lists, err = section.Data()
		check(err)
	}
	reader := data.Reader()
	var function string
	var entry, base uint64
	for {
		e, err := reader.Next()
		check(err)
		if e == nil {
			return
		}
		switch e.Tag {
		case dwarf.TagCompileUnit:
			base, _ = e.Val(dwarf.AttrLowpc).(uint64)
		case dwarf.TagSubprogram:
			function, _ = e.Val(dwarf.AttrName).(string)
			entry, _ = e.Val(dwarf.AttrLowpc).(uint64)
		case dwarf.TagFormalParameter:
			if !strings.HasPrefix(function, "main.f") {
				continue
			}
			name, _ := e.Val(dwarf.AttrName).(string)
			fmt.Println(function, name, location(e.Val(dwarf.AttrLocation), lists, base, entry))
		}
	}
}

// location at the function's first instruction. DWARF 4, section 2.6.2: pairs of offsets from the unit's base.
func location(value any, lists []byte, base, entry uint64) string {
	switch v := value.(type) {
	case []byte:
		return hex.EncodeToString(v)
	case int64:
		for at := int(v); at+18 <= len(lists); {
			low, high := binary.LittleEndian.Uint64(lists[at:]), binary.LittleEndian.Uint64(lists[at+8:])
			at += 16
			if low == ^uint64(0) {
				base = high
				continue
			}
			if low == 0 && high == 0 {
				return "-"
			}
			size := int(binary.LittleEndian.Uint16(lists[at:]))
			if base+low <= entry && entry < base+high {
				return hex.EncodeToString(lists[at+2 : at+2+size])
			}
			at += 2 + size
		}
	}
	return "-"
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
