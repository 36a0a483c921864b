#pragma once

#include <cstdint>

namespace mj::agent {

/// One row of packed B, G, R, x to full-range BT.709 Y'CbCr (ITU-T H.273, MatrixCoefficients 1), each value
/// rounded to nearest. The way back gives every colour within ±1 of 255. (GStreamer's videoconvert truncates
/// and is off by up to 3.)
void bgrx_to_yuv444(const uint8_t* bgrx, int width, uint8_t* y, uint8_t* u, uint8_t* v);

}  // namespace mj::agent
