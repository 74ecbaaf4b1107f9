module dwarffacts

go 1.22
