module sidespan.test/parked

go 1.22

require sidespan.test/gate v0.0.0

replace sidespan.test/gate => ../gate
