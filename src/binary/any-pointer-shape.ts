/**
 * Type parameters that stand for any pointer are compiled as this type
 * (https://github.com/golang/go/blob/go1.26.0/src/cmd/compile/internal/noder/reader.go, `shapify`): what it points to is
 * not a byte, but unknown. Go 1.18 and 1.19 number the parameters: `go.shape.*uint8_0`.
 */
export const anyPointerShape = /^go\.shape\.\*uint8(?:_\d+)?$/;
