#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/frame.h>
}

#include <memory>
#include <string>

/// Owners for libav's C handles (house style 6), and its error numbers in words.
namespace mj::capture::libav {

struct FreeFormat {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
};
struct FreePacket {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
struct FreeFrame {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct FreeCodec {
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};

using UniqueFormat = std::unique_ptr<AVFormatContext, FreeFormat>;
using UniquePacket = std::unique_ptr<AVPacket, FreePacket>;
using UniqueFrame = std::unique_ptr<AVFrame, FreeFrame>;
using UniqueCodec = std::unique_ptr<AVCodecContext, FreeCodec>;

/// An AVDictionary of options; what libav did not understand is left in it.
class Options {
 public:
  Options() = default;
  ~Options() { av_dict_free(&dictionary_); }
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  void set(const char* key, const std::string& value) { av_dict_set(&dictionary_, key, value.c_str(), 0); }
  [[nodiscard]] AVDictionary** get() { return &dictionary_; }

 private:
  AVDictionary* dictionary_ = nullptr;
};

/// "Connection refused" for AVERROR(ECONNREFUSED).
[[nodiscard]] inline std::string error_text(int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(error, text, sizeof text);
  return text;
}

}  // namespace mj::capture::libav
