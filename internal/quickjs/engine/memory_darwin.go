package engine

const noReserve = 0
