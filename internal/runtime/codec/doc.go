// Package codec compresses and decompresses streams, and turns bytes into text and back by the names of the Encoding
// standard. It knows nothing of VMs.
package codec
