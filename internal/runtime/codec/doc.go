// Package codec compresses and decompresses streams, and converts bytes to text and back, with the encodings of the Encoding
// standard. It does not know about VMs.
package codec
