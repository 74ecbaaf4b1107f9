module sidespan.test/activities

go 1.21

require sidespan.test/gate v0.0.0

replace sidespan.test/gate => ../gate
