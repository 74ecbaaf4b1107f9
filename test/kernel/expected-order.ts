/** The order that test/targets/values passes in several ways, as a line of test/support/value-lines.ts without its cycle. */
export const customer =
  '{Name STRING string = "Ada"; Address PTR *main.Address = {City STRING string = "London"; Country [2]UINT [2]uint8 = "GB"}}';

const gift = '[{"key":"gift","value":"yes"}]';

/** What a pointer leads to: no room is left for the entries of its map. */
export const orderBehind = (total: number) => orderWith(total, '[] of 1');

export const orderWith = (total: number, tags = gift) =>
  `{${[
    'ID UINT uint64 = "9007199254740993"',
    `Customer PTR *main.Customer = ${customer}`,
    'Items []STRUCT []main.Item = [{SKU STRING string = "apple"; Count INT int32 = 3; Price INT main.Cents = 120}, {SKU STRING string = "pear"; Count INT int32 = 1; Price INT main.Cents = 95}] cap 2',
    `Tags MAP map[string]string = ${tags}`,
    'Ready BOOL bool = true',
    'small INT int8 = -5',
    `Total INT main.Cents = ${total}`,
    'Ratio FLOAT float64 = 0.75',
    'Note STRING string = "leave at the door"',
    'At STRUCT main.Point = {X INT int = 11; Y INT int = 12}',
    'Err INTERFACE *main.CodedError = {Code INT int = 3; Reason STRING string = "stale"}',
    'Any INTERFACE main.Cents = 5',
    'Matrix [2][2]INT [2][2]int16 = [[1, 2], [3, 4]]',
    'Done CHAN chan struct {} = null',
    'Hook FUNC func() error = null',
    'Color UINT main.Color = 1',
    'Embedded STRUCT main.Embedded = {Depth INT int = 2; Inner STRUCT struct { Name main.Label } = {Name STRING main.Label = "inner"}}',
  ].join('; ')}}`;
