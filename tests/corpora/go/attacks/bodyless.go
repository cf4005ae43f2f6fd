package main

func raw()

func main() { raw() }
