// Integers of 128 bits: decimals, and sums that 64 bits would not hold.
#pragma once

namespace stream {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

}  // namespace stream
