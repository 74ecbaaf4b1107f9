// Command dwarffacts prints what Go's own debug/dwarf finds in an executable: the oracle for src/binary/dwarf.
//
//	dwarffacts EXECUTABLE
//
// One JSON array a line:
//
//	["func", name, lowpc, [[parameter, isResult, type, home], …]]   home: "r0/8 r3/8" DWARF registers and sizes at the
//	                                                                entry, "@16" offset from the call frame's address,
//	                                                                "-/8" eight bytes that are nowhere,
//	                                                                "" where the debug information gives no place
//	["struct", name, size, [[field, offset, type, embedded], …]]
package main

import (
	"bufio"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

const (
	attrGoKind          = dwarf.Attr(0x2900)
	attrGoEmbeddedField = dwarf.Attr(0x2903)
	kindStruct          = 25
	languageGo          = 22
)

type facts struct {
	data     *dwarf.Data
	out      *json.Encoder
	unit     *dwarf.Entry
	loc      []byte // of DWARF 4
	loclists []byte // of DWARF 5
	addr     []byte
}

func main() {
	file, err := elf.Open(os.Args[1])
	check(err)
	data, err := file.DWARF()
	check(err)
	writer := bufio.NewWriter(os.Stdout)
	defer writer.Flush()
	f := &facts{data: data, out: json.NewEncoder(writer)}
	f.out.SetEscapeHTML(false)
	f.addr = section(file, ".debug_addr")
	f.loc, f.loclists = section(file, ".debug_loc"), section(file, ".debug_loclists")

	reader := data.Reader()
	for {
		entry, err := reader.Next()
		check(err)
		if entry == nil {
			return
		}
		switch entry.Tag {
		case dwarf.TagCompileUnit:
			f.unit = entry
			if language, _ := entry.Val(dwarf.AttrLanguage).(int64); language != languageGo {
				reader.SkipChildren()
			}
		case dwarf.TagSubprogram:
			children := f.children(reader, entry)
			if entry.Val(dwarf.AttrLowpc) != nil {
				f.function(entry, children)
			}
		case dwarf.TagStructType:
			children := f.children(reader, entry)
			if kind, _ := entry.Val(attrGoKind).(int64); kind&0x1f == kindStruct {
				f.structure(entry, children)
			}
		default:
			f.children(reader, entry)
		}
	}
}

// children passes over everything below an entry and returns the direct children.
func (f *facts) children(reader *dwarf.Reader, entry *dwarf.Entry) []*dwarf.Entry {
	var direct []*dwarf.Entry
	for depth := 0; entry.Children; {
		child, err := reader.Next()
		check(err)
		if child.Tag == 0 {
			if depth == 0 {
				break
			}
			depth--
			continue
		}
		if depth == 0 {
			direct = append(direct, child)
		}
		if child.Children {
			depth++
		}
	}
	return direct
}

func (f *facts) function(entry *dwarf.Entry, children []*dwarf.Entry) {
	pc := entry.Val(dwarf.AttrLowpc).(uint64)
	parameters := []any{}
	for _, child := range children {
		if child.Tag != dwarf.TagFormalParameter {
			continue
		}
		origin := f.origin(child)
		isResult, _ := origin.Val(dwarf.AttrVarParam).(bool)
		parameters = append(parameters, []any{name(origin), isResult, f.typeName(origin), f.home(child, pc)})
	}
	check(f.out.Encode([]any{"func", name(f.origin(entry)), pc, parameters}))
}

func (f *facts) structure(entry *dwarf.Entry, children []*dwarf.Entry) {
	fields := []any{}
	for _, child := range children {
		embedded, _ := child.Val(attrGoEmbeddedField).(bool)
		fields = append(fields, []any{name(child), child.Val(dwarf.AttrDataMemberLoc), f.typeName(child), embedded})
	}
	check(f.out.Encode([]any{"struct", name(entry), entry.Val(dwarf.AttrByteSize), fields}))
}

func (f *facts) origin(entry *dwarf.Entry) *dwarf.Entry {
	if offset, ok := entry.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset); ok {
		return f.at(offset)
	}
	return entry
}

func (f *facts) at(offset dwarf.Offset) *dwarf.Entry {
	reader := f.data.Reader()
	reader.Seek(offset)
	entry, err := reader.Next()
	check(err)
	return entry
}

func (f *facts) typeName(entry *dwarf.Entry) string {
	offset, ok := entry.Val(dwarf.AttrType).(dwarf.Offset)
	if !ok {
		return "?"
	}
	target := f.at(offset)
	if strings.HasPrefix(name(target), ".param") { // a type parameter's stand-in
		return f.typeName(target)
	}
	return name(target)
}

// home says where a parameter is at the function's entry.
func (f *facts) home(entry *dwarf.Entry, pc uint64) string {
	switch location := entry.Val(dwarf.AttrLocation).(type) {
	case []byte:
		return expression(location)
	case int64:
		if f.unit.Val(dwarf.AttrAddrBase) != nil {
			return f.homeInList5(location, pc)
		}
		if f.loc != nil { // else it is in .zdebug_loc
			return f.homeInList4(location, pc)
		}
	}
	return ""
}

func (f *facts) homeInList4(offset int64, pc uint64) string {
	base, _ := f.unit.Val(dwarf.AttrLowpc).(uint64)
	for list := f.loc[offset:]; ; {
		low, high := binary.LittleEndian.Uint64(list), binary.LittleEndian.Uint64(list[8:])
		list = list[16:]
		if low == 0 && high == 0 {
			return ""
		}
		if low == ^uint64(0) {
			base = high
			continue
		}
		size := binary.LittleEndian.Uint16(list)
		if base+low <= pc && pc < base+high {
			return expression(list[2 : 2+size])
		}
		list = list[2+size:]
	}
}

func (f *facts) homeInList5(offset int64, pc uint64) string {
	base, _ := f.unit.Val(dwarf.AttrLowpc).(uint64)
	list := f.loclists[offset:]
	next := func() uint64 {
		value, size := binary.Uvarint(list)
		list = list[size:]
		return value
	}
	for {
		kind := list[0]
		list = list[1:]
		switch kind {
		case 0: // DW_LLE_end_of_list
			return ""
		case 1: // DW_LLE_base_addressx
			base = f.address(next())
		case 4: // DW_LLE_offset_pair
			low, high := next(), next()
			size := next()
			if base+low <= pc && pc < base+high {
				return expression(list[:size])
			}
			list = list[size:]
		default:
			panic(fmt.Sprintf("location list entry of kind %d", kind))
		}
	}
}

func (f *facts) address(index uint64) uint64 {
	base := f.unit.Val(dwarf.AttrAddrBase).(int64)
	return binary.LittleEndian.Uint64(f.addr[uint64(base)+8*index:])
}

// expression writes out the few operations that Go's compiler uses.
func expression(code []byte) string {
	var text strings.Builder
	placed := false
	for len(code) > 0 {
		op := code[0]
		code = code[1:]
		if op == 0x93 && !placed { // a piece that is nowhere
			text.WriteString(" -")
		}
		placed = op != 0x93
		switch {
		case op >= 0x50 && op <= 0x6f: // DW_OP_reg0 …
			fmt.Fprintf(&text, " r%d", op-0x50)
		case op == 0x90: // DW_OP_regx
			register, size := binary.Uvarint(code)
			code = code[size:]
			fmt.Fprintf(&text, " r%d", register)
		case op == 0x91: // DW_OP_fbreg
			offset, size := sleb(code)
			code = code[size:]
			fmt.Fprintf(&text, " @%d", offset)
		case op == 0x9c: // DW_OP_call_frame_cfa
			text.WriteString(" @0")
		case op == 0x93: // DW_OP_piece
			bytes, size := binary.Uvarint(code)
			code = code[size:]
			fmt.Fprintf(&text, "/%d", bytes)
		case op == 0x06: // DW_OP_deref
			text.WriteString(" deref")
		default:
			fmt.Fprintf(&text, " op%#x", op)
			return text.String()[1:]
		}
	}
	return strings.TrimPrefix(text.String(), " ")
}

func sleb(code []byte) (value int64, size int) {
	for shift := 0; ; shift += 7 {
		b := code[size]
		size++
		value |= int64(b&0x7f) << shift
		if b < 0x80 {
			if b&0x40 != 0 {
				value |= -1 << (shift + 7)
			}
			return value, size
		}
	}
}

func section(file *elf.File, name string) []byte {
	s := file.Section(name)
	if s == nil {
		return nil
	}
	data, err := s.Data()
	check(err)
	return data
}

func name(entry *dwarf.Entry) string {
	text, _ := entry.Val(dwarf.AttrName).(string)
	return text
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "dwarffacts:", err)
		os.Exit(1)
	}
}
