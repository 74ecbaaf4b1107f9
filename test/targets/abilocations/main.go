// Abilocations prints where the compiler says that parameters and results are at a function's entry, a line each, with tabs:
// entry address, function, `parameter` or `result`, name, and the location as a DWARF expression in hex, or `-`.
// `whole` at the end: the expression is not for the entry, but for all of the function. Reads DWARF 4 and 5.
package main

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

type program struct {
	data      *dwarf.Data
	lists     []byte // .debug_loc
	lists5    []byte // .debug_loclists
	addresses []byte // .debug_addr
}

// unit is what locations depend on.
type unit struct {
	base        uint64
	addressBase int64
	version     int
}

func main() {
	file, err := elf.Open(os.Args[1])
	check(err)
	data, err := file.DWARF()
	check(err)
	p := &program{data, section(file, "loc"), section(file, "loclists"), section(file, "addr")}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	reader := data.Reader()
	var u unit
	for {
		e, err := reader.Next()
		check(err)
		if e == nil {
			return
		}
		switch e.Tag {
		case dwarf.TagCompileUnit:
			u.base, _ = e.Val(dwarf.AttrLowpc).(uint64)
			u.addressBase, _ = e.Val(dwarf.AttrAddrBase).(int64)
			u.version = 4
			if len(p.lists5) > 0 && e.Val(dwarf.AttrAddrBase) != nil {
				u.version = 5
			}
		case dwarf.TagSubprogram:
			p.function(out, reader, e, u)
		}
	}
}

// function prints the parameters of a subprogram with code, and leaves the reader behind its children.
func (p *program) function(out io.Writer, reader *dwarf.Reader, e *dwarf.Entry, u unit) {
	entry, hasCode := e.Val(dwarf.AttrLowpc).(uint64)
	if !e.Children {
		return
	}
	if !hasCode {
		reader.SkipChildren()
		return
	}
	name := p.text(e, dwarf.AttrName)
	for {
		child, err := reader.Next()
		check(err)
		if child == nil || child.Tag == 0 {
			return
		}
		if child.Tag == dwarf.TagFormalParameter {
			kind := "parameter"
			if isResult, _ := p.value(child, dwarf.AttrVarParam).(bool); isResult {
				kind = "result"
			}
			place, whole := p.location(child.Val(dwarf.AttrLocation), u, entry)
			fmt.Fprintf(out, "%x\t%s\t%s\t%s\t%s\t%s\n", entry, name, kind, p.text(child, dwarf.AttrName), place, whole)
		}
		if child.Children {
			reader.SkipChildren()
		}
	}
}

// value of the attribute, also from the entry that this is an instance of.
func (p *program) value(e *dwarf.Entry, attribute dwarf.Attr) any {
	if v := e.Val(attribute); v != nil {
		return v
	}
	origin, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
	if !ok {
		return nil
	}
	reader := p.data.Reader()
	reader.Seek(origin)
	abstract, err := reader.Next()
	check(err)
	return abstract.Val(attribute)
}

func (p *program) text(e *dwarf.Entry, attribute dwarf.Attr) string {
	text, _ := p.value(e, attribute).(string)
	return text
}

func (p *program) location(value any, u unit, entry uint64) (place, whole string) {
	switch v := value.(type) {
	case []byte:
		return orDash(v), "whole"
	case int64:
		if u.version == 5 {
			return orDash(p.inList5(v, u, entry)), ""
		}
		return orDash(p.inList(v, u.base, entry)), ""
	}
	return "-", ""
}

// inList reads .debug_loc. DWARF 4, section 2.6.2: pairs of offsets from the unit's base.
func (p *program) inList(offset int64, base, entry uint64) []byte {
	lists := p.lists
	for at := int(offset); at+16 <= len(lists); {
		low, high := binary.LittleEndian.Uint64(lists[at:]), binary.LittleEndian.Uint64(lists[at+8:])
		at += 16
		if low == ^uint64(0) {
			base = high
			continue
		}
		if low == 0 && high == 0 {
			break
		}
		size := int(binary.LittleEndian.Uint16(lists[at:]))
		if base+low <= entry && entry < base+high {
			return lists[at+2 : at+2+size]
		}
		at += 2 + size
	}
	return nil
}

// inList5 reads .debug_loclists. DWARF 5, section 7.7.3: the entries that Go's linker writes.
func (p *program) inList5(offset int64, u unit, entry uint64) []byte {
	in := bytes.NewReader(p.lists5[offset:])
	base := u.base
	number := func() uint64 {
		n, err := binary.ReadUvarint(in)
		check(err)
		return n
	}
	address := func() uint64 {
		return binary.LittleEndian.Uint64(p.addresses[u.addressBase+8*int64(number()):])
	}
	for {
		kind, err := in.ReadByte()
		check(err)
		var low, high uint64
		switch kind {
		case 0: // end_of_list
			return nil
		case 1: // base_addressx
			base = address()
			continue
		case 3: // startx_length
			low = address()
			high = low + number()
		case 4: // offset_pair
			low, high = base+number(), base+number()
		default:
			check(fmt.Errorf("location list entry of kind %d", kind))
		}
		expression := make([]byte, number())
		_, err = io.ReadFull(in, expression)
		check(err)
		if low <= entry && entry < high {
			return expression
		}
	}
}

// section is empty if there is none. Go 1.15 compressed them in its own way.
func section(file *elf.File, name string) []byte {
	if s := file.Section(".debug_" + name); s != nil {
		data, err := s.Data()
		check(err)
		return data
	}
	s := file.Section(".zdebug_" + name)
	if s == nil {
		return nil
	}
	data, err := s.Data()
	check(err)
	if !bytes.HasPrefix(data, []byte("ZLIB")) {
		return data
	}
	inflate, err := zlib.NewReader(bytes.NewReader(data[12:]))
	check(err)
	data, err = io.ReadAll(inflate)
	check(err)
	return data
}

func orDash(expression []byte) string {
	if len(expression) == 0 {
		return "-"
	}
	return hex.EncodeToString(expression)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
