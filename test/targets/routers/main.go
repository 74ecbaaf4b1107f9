// Routers serves the same routes by several routers, chosen by the Host header: chi, mux, gin, echo; and looking: chi with
// middleware that asks the router first.
//
//	routers      prints "listening 127.0.0.1:PORT"
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gorilla/mux"
	"github.com/labstack/echo/v4"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening %s\n", listener.Addr())
	routers := map[string]http.Handler{"chi": byChi(pass), "looking": byChi(look), "mux": byMux(), "gin": byGin(), "echo": byEcho()}
	log.Fatal(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		routers[r.Host].ServeHTTP(w, r)
	})))
}

func answer(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) }

func pass(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) })
}

func look(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		routes := chi.RouteContext(r.Context()).Routes
		if !routes.Match(chi.NewRouteContext(), r.Method, r.URL.Path) {
			routes.Match(chi.NewRouteContext(), "GET", "/users/0")
		}
		next.ServeHTTP(w, r)
	})
}

func byChi(middleware func(http.Handler) http.Handler) http.Handler {
	router := chi.NewRouter()
	router.Use(middleware)
	router.Get("/users/{id}", answer)
	router.Get("/", answer)
	router.Route("/api/v1", func(api chi.Router) {
		api.Use(pass)
		api.Get("/items/{item:[a-z]+}", answer)
		inner := chi.NewRouter()
		inner.Get("/parts/{part}", answer)
		api.Mount("/deep", inner)
	})
	return router
}

func byMux() http.Handler {
	router := mux.NewRouter()
	router.Use(pass)
	router.HandleFunc("/users/{id}", answer).Methods("GET")
	router.HandleFunc("/", answer)
	api := router.PathPrefix("/api/v1").Subrouter()
	api.HandleFunc("/items/{item:[a-z]+}", answer)
	api.PathPrefix("/deep").Subrouter().HandleFunc("/parts/{part}", answer)
	return router
}

func byGin() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(gin.Recovery(), func(c *gin.Context) { c.Next() })
	handler := func(c *gin.Context) { c.String(200, c.FullPath()) }
	router.GET("/users/:id", handler)
	router.GET("/", handler)
	api := router.Group("/api/v1")
	api.GET("/items/:item", handler)
	api.Group("/deep").GET("/parts/:part", handler)
	return router
}

func byEcho() http.Handler {
	router := echo.New()
	router.Use(func(next echo.HandlerFunc) echo.HandlerFunc { return func(c echo.Context) error { return next(c) } })
	handler := func(c echo.Context) error { return c.String(200, c.Path()) }
	router.GET("/users/:id", handler)
	router.GET("/", handler)
	api := router.Group("/api/v1")
	api.GET("/items/:item", handler)
	api.Group("/deep").GET("/parts/:part", handler)
	return router
}
