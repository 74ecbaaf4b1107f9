# The example shop: a gateway and an inventory, two static Go programs on nothing.
#
# Built as Go builds by default. `-ldflags=-w` would leave out the DWARF data from which Sidespan reads the types of
# functions' arguments; requests are traced either way.
ARG GO=golang:1.26-trixie

FROM ${GO} AS build
# For a module proxy of your own; empty: Go's default.
ARG GOPROXY=
WORKDIR /shop
COPY go.mod go.sum ./
RUN --mount=type=secret,id=ca \
    if [ -e /run/secrets/ca ]; then export SSL_CERT_FILE=/run/secrets/ca; fi; \
    go mod download
COPY . .
RUN CGO_ENABLED=0 go build -buildvcs=false -o /out/ ./...

FROM scratch
COPY --from=build /out /
# Not root: Sidespan reads another user's process too.
USER 65534:65534
