#include "tests/agent/h264_decoder.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>
}

#include <openssl/evp.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace mj::test {

namespace {

struct FreeContext {
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};
struct FreeFrame {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct FreePacket {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};

Bytes plane(const AVFrame& frame, int index) {
  Bytes bytes;
  for (int row = 0; row < frame.height; ++row) {
    const uint8_t* begin = frame.data[index] + std::ptrdiff_t{row} * frame.linesize[index];
    bytes.insert(bytes.end(), begin, begin + frame.width);
  }
  return bytes;
}

}  // namespace

std::string sha256_of(std::initializer_list<BytesView> parts) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  for (const BytesView part : parts) EVP_DigestUpdate(context.get(), part.data(), part.size());
  Digest digest{};
  EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
  return to_hex(digest);
}

std::array<int, 3> DecodedPicture::rgb(int column, int row) const {
  const auto at = static_cast<std::size_t>(row) * width + column;
  const double luma = y[at], blue = u[at] - 128.0, red = v[at] - 128.0;
  const auto whole = [](double value) {
    return static_cast<int>(std::lround(std::clamp(value, 0.0, 255.0)));
  };
  return {whole(luma + 1.5748 * red), whole(luma - 0.18732 * blue - 0.46812 * red),
          whole(luma + 1.8556 * blue)};
}

struct H264Decoder::Impl {
  std::unique_ptr<AVCodecContext, FreeContext> context;
  std::unique_ptr<AVFrame, FreeFrame> frame{av_frame_alloc()};
  std::unique_ptr<AVPacket, FreePacket> packet{av_packet_alloc()};
};

H264Decoder::H264Decoder(const std::string& avc_config) : impl_(std::make_unique<Impl>()) {
  const AVCodec* codec = avcodec_find_decoder(AV_CODEC_ID_H264);
  impl_->context.reset(avcodec_alloc_context3(codec));
  AVCodecContext& context = *impl_->context;
  context.extradata = static_cast<uint8_t*>(av_mallocz(avc_config.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  std::memcpy(context.extradata, avc_config.data(), avc_config.size());
  context.extradata_size = static_cast<int>(avc_config.size());
  context.thread_count = 1;
  context.flags = AV_CODEC_FLAG_LOW_DELAY;
  context.err_recognition = AV_EF_EXPLODE | AV_EF_BITSTREAM | AV_EF_BUFFER;
  if (avcodec_open2(&context, codec, nullptr) < 0)
    throw std::runtime_error("the decoder refuses the configuration");
}

H264Decoder::~H264Decoder() = default;

DecodedPicture H264Decoder::decode(BytesView access_unit) {
  if (av_new_packet(impl_->packet.get(), static_cast<int>(access_unit.size())) < 0) throw std::bad_alloc();
  std::memcpy(impl_->packet->data, access_unit.data(), access_unit.size());
  const int sent = avcodec_send_packet(impl_->context.get(), impl_->packet.get());
  av_packet_unref(impl_->packet.get());
  if (sent < 0 || avcodec_receive_frame(impl_->context.get(), impl_->frame.get()) < 0) {
    throw std::runtime_error("the access unit gives no picture");
  }
  const AVFrame& frame = *impl_->frame;
  DecodedPicture picture;
  picture.width = frame.width;
  picture.height = frame.height;
  picture.full_range = frame.color_range == AVCOL_RANGE_JPEG;
  picture.bt709 = frame.colorspace == AVCOL_SPC_BT709 && frame.color_trc == AVCOL_TRC_BT709 &&
                  frame.color_primaries == AVCOL_PRI_BT709;
  picture.yuv444 = frame.format == AV_PIX_FMT_YUV444P || frame.format == AV_PIX_FMT_YUVJ444P;
  if (!picture.yuv444) throw std::runtime_error("not 4:4:4");
  picture.y = plane(frame, 0);
  picture.u = plane(frame, 1);
  picture.v = plane(frame, 2);
  picture.sha256 = sha256_of({picture.y, picture.u, picture.v});
  return picture;
}

}  // namespace mj::test
