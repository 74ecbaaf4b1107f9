// Command types has one of everything that debug information describes, and says what the compiler knows of it.
//
//	types     prints the facts about its types, as reflect has them, as one JSON document: types refer to each other by
//	          their index; the first ones are the roots.
package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
)

type field struct {
	Name     string
	Offset   uintptr
	Type     int
	Embedded bool
}

type fact struct {
	Name       string // empty where it spells out a struct, an interface or a function
	Kind       string
	Size       uintptr
	Align      int
	Elem       *int    `json:",omitempty"`
	Key        *int    `json:",omitempty"`
	Length     *int    `json:",omitempty"`
	Fields     []field `json:",omitempty"`
	HasMethods *bool   `json:",omitempty"`
}

type collector struct {
	index map[reflect.Type]int
	facts []*fact
}

func main() {
	useSignatures(len(os.Args))
	useLoops(len(os.Args))
	c := &collector{index: map[reflect.Type]int{}}
	c.add(reflect.TypeOf(Everything{}))
	check(json.NewEncoder(os.Stdout).Encode(c.facts))
}

func (c *collector) add(t reflect.Type) int {
	if index, ok := c.index[t]; ok {
		return index
	}
	index := len(c.facts)
	c.index[t] = index
	f := &fact{Name: name(t), Kind: kind(t), Size: t.Size(), Align: t.Align()}
	c.facts = append(c.facts, f)
	switch t.Kind() {
	case reflect.Array:
		length := t.Len()
		f.Length = &length
		f.Elem = c.ref(t.Elem())
	case reflect.Map:
		f.Key = c.ref(t.Key())
		f.Elem = c.ref(t.Elem())
	case reflect.Chan, reflect.Pointer, reflect.Slice:
		f.Elem = c.ref(t.Elem())
	case reflect.Interface:
		has := t.NumMethod() > 0
		f.HasMethods = &has
	case reflect.Struct:
		for i := range t.NumField() {
			of := t.Field(i)
			f.Fields = append(f.Fields, field{of.Name, of.Offset, c.add(of.Type), of.Anonymous})
		}
	}
	return index
}

func (c *collector) ref(t reflect.Type) *int {
	index := c.add(t)
	return &index
}

// name is the type as in source with full package paths.
func name(t reflect.Type) string {
	if t.Name() != "" {
		if t.PkgPath() == "" {
			return t.Name()
		}
		return t.PkgPath() + "." + t.Name()
	}
	parts := []string{}
	switch t.Kind() {
	case reflect.Array:
		parts = append(parts, t.String()[:strings.Index(t.String(), "]")+1], name(t.Elem()))
	case reflect.Slice:
		parts = append(parts, "[]", name(t.Elem()))
	case reflect.Pointer:
		parts = append(parts, "*", name(t.Elem()))
	case reflect.Map:
		parts = append(parts, "map[", name(t.Key()), "]", name(t.Elem()))
	case reflect.Chan:
		parts = append(parts, t.ChanDir().String(), " ", name(t.Elem()))
	default:
		return ""
	}
	for _, part := range parts {
		if part == "" {
			return ""
		}
	}
	return strings.Join(parts, "")
}

func kind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return "pointer"
	default:
		return t.Kind().String()
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
